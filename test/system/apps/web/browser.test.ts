import { createCanvas } from '@napi-rs/canvas';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChatPages,
  createGroup,
  entry,
  openChat,
  type Person,
  said,
  say,
  startChatPages,
} from '../../../helpers/chat-pages.ts';
import { chromiumPath } from '../../../helpers/chromium.ts';

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

  it('can be used by keyboard alone', async () => {
    const { page } = bo;
    await page.keyboard.press('Control+k');
    await page.keyboard.type('ada');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'ada', level: 1 }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.type('typed');
    await page.keyboard.press('Enter');
    await said(page, 'typed').waitFor();
  });

  it('has broken no policy and asked nobody else', () => {
    expect(pages.offences()).toEqual([]);
  });
});

// ---

/** A picture of 640 × 480 pixels. */
async function photo(): Promise<Buffer> {
  const canvas = createCanvas(640, 480);
  const context = canvas.getContext('2d');
  context.fillStyle = 'teal';
  context.fillRect(0, 0, 640, 480);
  return canvas.encode('png');
}

async function widthOf(page: Page, selector: string): Promise<number> {
  const width = () =>
    page.locator(selector).evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
  await expect.poll(width).toBeGreaterThan(0);
  return width();
}
