import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChatPages,
  createGroup,
  enter,
  entry,
  openChat,
  type Person,
  password,
  said,
  say,
  startChatPages,
} from '../../../helpers/chat-pages.ts';
import { chromiumPath } from '../../../helpers/chromium.ts';
import { giveFile, keys, photo, tabTo } from '../../../helpers/page-hands.ts';

describe.skipIf(chromiumPath === null)('the web client in a browser', { timeout: 60_000 }, () => {
  let pages: ChatPages;
  let ada: Person;
  let bo: Person;

  beforeAll(async () => {
    pages = await startChatPages();
    [ada, bo] = await Promise.all([pages.person('ada'), pages.person('bo')]);
  });
  afterAll(() => pages?.stop());

  it('lets two people talk, counts what is unread, and marks what was read', async () => {
    await openChat(ada.page, 'bo');
    await say(ada.page, 'Hello Bo');
    const received = entry(bo.page, 'ada');
    await received.getByText('1 unread').waitFor();
    await received.click();
    await said(bo.page, 'Hello Bo').waitFor();
    await received.getByText('1 unread').waitFor({ state: 'hidden' });
    await ada.page.locator('.status.is-read').waitFor();
    await say(bo.page, 'Hello Ada');
    await said(ada.page, 'Hello Ada').waitFor();
    expect(await ada.page.getByText('Encrypted end to end').count()).toBe(1);
  });

  it('sends what was written when the page is reloaded at the very key, once', async () => {
    await ada.page.locator('#composer').fill('in mid-send');
    await Promise.all([ada.page.locator('#composer').press('Enter'), ada.page.reload()]);
    await said(bo.page, 'in mid-send').waitFor();
    await say(ada.page, 'and on');
    await said(bo.page, 'and on').waitFor();
    expect(await said(bo.page, 'in mid-send').count()).toBe(1);
    expect(await said(ada.page, 'in mid-send').count()).toBe(1);
  });

  it('is one device in two tabs, and lives on in either', async () => {
    const second = await ada.tab();
    await entry(second, 'bo').click();
    await say(second, 'from the second tab');
    await say(ada.page, 'from the first tab');
    for (const page of [ada.page, second, bo.page]) {
      for (const text of ['from the second tab', 'from the first tab']) {
        await said(page, text).waitFor();
        expect(await said(page, text).count()).toBe(1);
      }
    }
    await ada.page.close();
    ada = { ...ada, page: second };
    await say(second, 'alone now');
    await said(bo.page, 'alone now').waitFor();
  });

  it('sends an image with a preview, shows it small, and large when asked', async () => {
    const image = { name: 'harbour.png', mimeType: 'image/png', buffer: await photo() };
    await ada.page.locator('input[type=file]').setInputFiles(image);
    await ada.page.getByRole('list', { name: 'Images to be sent' }).getByRole('img').waitFor();
    await say(ada.page, 'the harbour');
    for (const { page } of [ada, bo]) await page.getByRole('button', { name: 'Image: the harbour' }).waitFor();
    expect(await widthOf(bo.page, '.picture img')).toBeLessThanOrEqual(256);
    await bo.page.getByRole('button', { name: 'Image: the harbour' }).click();
    await bo.page.getByRole('dialog').getByRole('img').waitFor();
    expect(await widthOf(bo.page, 'dialog img')).toBe(640);
    await bo.page.keyboard.press('Escape');
    await bo.page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  it('takes images that are pasted and dropped, and no other files', async () => {
    const { page } = ada;
    const chosen = page.getByRole('list', { name: 'Images to be sent' }).getByRole('img');
    const picture = [...(await photo())];
    await page.locator('#composer').focus();
    await page.evaluate(giveFile('paste', 'ClipboardEvent', 'clipboardData'), { picture, type: 'image/png' });
    await expect.poll(() => chosen.count()).toBe(1);
    await page.evaluate(giveFile('drop', 'DragEvent', 'dataTransfer'), { picture, type: 'text/html' });
    await page.evaluate(giveFile('drop', 'DragEvent', 'dataTransfer'), { picture, type: 'image/png' });
    await expect.poll(() => chosen.count()).toBe(2);
    await say(page, 'two at once');
    await bo.page.getByRole('button', { name: 'Image: two at once' }).waitFor();
    await expect.poll(() => bo.page.locator('.picture img').count()).toBe(3);
  });

  it('says of a file that is no image that it is none, whatever it calls itself', async () => {
    const page = '<script>globalThis.pwned=1</script>';
    const file = { name: 'page.png', mimeType: 'image/png', buffer: Buffer.from(page) };
    await ada.page.locator('input[type=file]').setInputFiles(file);
    await ada.page.getByRole('button', { name: 'Send' }).click();
    await ada.page.locator('.notice').waitFor();
    expect(await ada.page.locator('.notice').textContent()).toMatch(/image/i);
    await ada.page.getByRole('button', { name: 'Dismiss' }).click();
  });

  it('remembers that somebody was verified, and warns when they sign in on another device', async () => {
    const { page } = ada;
    const head = page.getByRole('heading', { name: 'bo', level: 1 });
    await page.getByRole('button', { name: 'Details' }).click();
    await page.getByRole('button', { name: 'Mark as verified' }).click();
    await head.getByText('Verified', { exact: true }).waitFor();
    const phone = await pages.returning('bo');
    await page.getByText('bo has a new device since you compared safety codes.').waitFor();
    await say(page, 'on both of yours');
    for (const device of [bo.page, phone.page]) {
      if (device === phone.page) await entry(device, 'ada').click();
      await said(device, 'on both of yours').waitFor();
    }
    await page.reload();
    await page.getByRole('button', { name: 'Dismiss the warning about bo' }).click();
    await page.getByText('since you compared').waitFor({ state: 'hidden' });
    await head.getByText('Not verified any more: new device').waitFor();
    await page.getByRole('button', { name: 'Details' }).click();
    await page.getByRole('button', { name: 'Mark as verified' }).click();
    await head.getByText('Verified', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await phone.context.close();
  });

  it('shuts a removed member out of a group, and says so', async () => {
    const cy = await pages.person('cy');
    await createGroup(ada.page, 'Tea', ['bo', 'cy']);
    await say(ada.page, 'for three');
    await entry(cy.page, 'Tea').click();
    await said(cy.page, 'for three').waitFor();
    await entry(bo.page, 'Tea').click();
    await ada.page.getByRole('button', { name: 'Details' }).click();
    await ada.page.getByRole('button', { name: 'Safety code of cy' }).click();
    await ada.page.getByRole('button', { name: 'Mark as verified' }).click();
    await ada.page.getByRole('listitem').filter({ hasText: 'cy' }).getByText('Verified', { exact: true }).waitFor();
    await ada.page.getByRole('button', { name: 'Remove cy' }).click();
    await cy.page.getByText('You are no longer a member').waitFor();
    await say(ada.page, 'for two');
    await said(bo.page, 'for two').waitFor();
    expect(await cy.page.locator('#composer').count()).toBe(0);
    expect(await said(cy.page, 'for two').count()).toBe(0);
    await cy.context.close();
  });

  it('carries on when the servers are killed under it, and loses and doubles nothing', async () => {
    await entry(ada.page, 'bo').click();
    await entry(bo.page, 'ada').click();
    const texts: string[] = [];
    for (const server of ['s1', 's2']) {
      await pages.cluster.kill(server);
      const back = pages.cluster.start(server);
      texts.push(`after the death of ${server}`);
      await say(ada.page, texts.at(-1)!);
      await said(bo.page, texts.at(-1)!).waitFor();
      await back;
    }
    for (const page of [ada.page, bo.page]) {
      for (const text of texts) expect(await said(page, text).count()).toBe(1);
    }
  });

  it('says how much waits while there is no way to the servers, and sends it then', async () => {
    await pages.cluster.kill('b1');
    for (const text of ['one', 'two', 'three']) await say(ada.page, text);
    await ada.page.getByText('Reconnecting, 3 waiting to be sent').waitFor();
    await pages.cluster.start('b1');
    await said(bo.page, 'three').waitFor();
    await ada.page.getByText('waiting to be sent').waitFor({ state: 'hidden' });
  });

  it('shows hostile texts and titles as what they are', async () => {
    const hostile = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>';
    await say(ada.page, hostile);
    await said(bo.page, hostile).waitFor();
    await createGroup(ada.page, hostile, ['bo']);
    await entry(bo.page, hostile).waitFor();
    expect(await bo.page.evaluate('globalThis.pwned')).toBeUndefined();
    expect(await bo.page.locator('.text img').count()).toBe(0);
  });

  it('says why it cannot run at an address without encryption, and what helps', async () => {
    const { page } = await pages.stranger();
    const origin = new URL(page.url());
    const elsewhere = await page.context().newPage();
    await elsewhere.route('http://chat.example/**', async (route) => {
      const url = route.request().url().replace('http://chat.example/', origin.href);
      await route.fulfill({ response: await route.fetch({ url }) });
    });
    await elsewhere.goto('http://chat.example/');
    await elsewhere.getByRole('heading', { name: 'This address is not secure' }).waitFor();
    await elsewhere.getByText('addresses that begin with https').waitFor();
    await elsewhere.context().close();
  });

  it('can be used by keyboard alone', async () => {
    const { page, context } = await pages.stranger();
    const { keyboard } = page;
    await keys(page, ['gil', 'Tab', password, 'Enter']);
    await page.getByRole('navigation').waitFor();
    await tabTo(page, 'New conversation');
    await keys(page, ['Enter', 'ada', 'Enter']);
    await page.getByRole('heading', { name: 'ada', level: 1 }).waitFor();
    await keys(page, ['Escape', 'typed', 'Enter']);
    await said(page, 'typed').waitFor();
    await tabTo(page, 'New conversation');
    await keyboard.press('Enter');
    await tabTo(page, 'New group instead');
    await keys(page, ['Enter', 'Walk', 'Tab', 'bo', 'Enter']);
    await page.getByRole('heading', { name: 'Walk', level: 1 }).waitFor();
    await keys(page, ['Control+k', 'ad', 'ArrowDown', 'Enter']);
    await page.getByRole('heading', { name: 'ada', level: 1 }).waitFor();
    await keyboard.press('Alt+ArrowUp');
    await page.getByRole('heading', { name: 'Walk', level: 1 }).waitFor();
    await tabTo(page, 'Details');
    await keyboard.press('Enter');
    await tabTo(page, 'Add');
    await keys(page, ['Enter', 'ada', 'Enter']);
    await page.getByRole('complementary').getByText('3 members').waitFor();
    await tabTo(page, 'Leave group');
    await keyboard.press('Enter');
    await tabTo(page, 'Leave');
    await keyboard.press('Enter');
    await page.getByText('You are no longer a member').waitFor();
    await keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'hidden' });
    await context.close();
  });

  it('leaves nothing in the browser of somebody whom the servers refused', async () => {
    const { page } = await pages.stranger();
    await enter(page, 'ADA');
    await page.getByText('That name, or one that looks like it, is taken. Choose another.').waitFor();
    expect(await page.evaluate('indexedDB.databases()')).toEqual([]);
    await enter(page, 'dora');
    await page.getByRole('navigation').waitFor();
    await page.context().close();
  });

  it('goes on in a second tab when the first closes, where tabs cannot share a worker', async () => {
    const { context, page, tab } = await pages.stranger();
    await context.addInitScript('delete globalThis.SharedWorker');
    await page.reload();
    await enter(page, 'eve');
    await openChat(page, 'bo');
    await say(page, 'from the first');
    await said(page, 'from the first').waitFor();
    const second = await tab();
    await second.getByRole('heading', { name: 'Open in another tab' }).waitFor();
    await page.close();
    await entry(second, 'bo').click();
    await said(second, 'from the first').waitFor();
    await context.close();
  });

  it('shows where one is signed in, changes the password, and erases and deletes for good', async () => {
    const { page, context } = await pages.person('fay');
    const elsewhere = await pages.stranger();
    await enter(elsewhere.page, 'fay', { how: 'Sign in' });
    await elsewhere.page.getByRole('navigation').waitFor();
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('button', { name: /^Sign out browser/ }).click();
    await elsewhere.page.getByText('Signed out by the server').waitFor();
    await elsewhere.page.getByRole('button', { name: 'Sign in' }).click();
    await enter(elsewhere.page, 'fay', { how: 'Sign in' });
    await elsewhere.page.getByRole('navigation').waitFor();

    await page.getByRole('button', { name: 'Change password' }).click();
    const fields = {
      'The present password': password,
      'The new password': 'a new one',
      'The new password again': 'a new one',
    };
    for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text);
    await page
      .getByRole('dialog', { name: 'Change password' })
      .getByRole('button', { name: 'Change password' })
      .click();
    await page.getByText('The password is changed; other devices are signed out.').waitFor();
    await elsewhere.page.getByText('Signed out by the server').waitFor();

    await page.getByRole('button', { name: 'Erase this browser’s data' }).click();
    await page.getByRole('button', { name: 'Erase and sign out' }).click();
    await page.getByRole('heading', { name: 'Welcome to Nawaab' }).waitFor();
    expect(await page.evaluate('indexedDB.databases()')).toEqual([]);
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);

    await enter(page, 'fay', { how: 'Sign in', word: 'a new one' });
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('button', { name: 'Delete account' }).click();
    await page.getByLabel('Your name, to confirm').fill('fay');
    await page.getByLabel('Your password').fill('a new one');
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('Your account is deleted.').waitFor();
    await enter(page, 'fay', { how: 'Sign in', word: 'a new one' });
    await page.getByText('Name and password do not belong together.').waitFor();
    expect(await page.evaluate('indexedDB.databases()')).toEqual([]);
    await Promise.all([context.close(), elsewhere.context.close()]);
  });

  it('shows in a demonstration how one comes to another server when one’s own is killed', async () => {
    const { page } = ada;
    await pages.demo.begin(pages.cluster);
    await page.reload();
    await entry(page, 'Tea room').waitFor();
    await page.locator('.corner').click();
    const own = await page.locator('.corner strong').textContent();
    await page.getByRole('button', { name: `Kill server ${own}` }).click();
    const moves = page.getByRole('region', { name: 'Where this device was' }).getByRole('listitem');
    await moves.nth(2).waitFor();
    const other = own === 's1' ? 's2' : 's1';
    expect(await moves.allTextContents()).toMatchObject([
      expect.stringContaining(`connected to ${other}`),
      expect.stringContaining('connection lost'),
      expect.stringContaining(`connected to ${own}`),
    ]);
    await entry(page, 'bo').click();
    await say(page, 'on another server');
    await said(bo.page, 'on another server').waitFor();
  });

  it('has broken no policy and asked nobody else', () => {
    expect(pages.offences()).toEqual([]);
  });
});

// ---

async function widthOf(page: Page, selector: string): Promise<number> {
  const width = () =>
    page.locator(selector).evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
  await expect.poll(width).toBeGreaterThan(0);
  return width();
}
