/** A real cluster with the web client, and people who use it in real browsers. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { type Demo, startDemo } from '../../src/system/apps/serve/demo/demo.ts';
import { webFolder } from '../../src/system/apps/serve/web-build.ts';
import { createLog, type LocalCluster, type LocalClusterOptions, startLocalCluster } from '../../src/system/node.ts';
import { launchChromium, watchPage } from './chromium.ts';

export interface ChatPages {
  readonly cluster: LocalCluster;
  readonly origin: string;
  readonly browser: Browser;
  /** Signs somebody up in a browser of their own. */
  person(name: string, options?: BrowserContextOptions): Promise<Person>;
  /** Signs somebody in who has an account, in another browser. */
  returning(name: string): Promise<Person>;
  /** A browser in which nobody has signed up yet. */
  stranger(options?: BrowserContextOptions): Promise<Omit<Person, 'name'>>;
  /** Begins when it is told to: from then on people are welcomed, and pages may kill servers. */
  readonly demo: Demo;
  /** Everything that pages did and must not. */
  offences(): readonly string[];
  stop(): Promise<void>;
}

export interface Person {
  readonly name: string;
  readonly context: BrowserContext;
  readonly page: Page;
  /** One more tab. */
  tab(): Promise<Page>;
}

export const password = 'correct horse';

export interface ChatPagesOptions {
  readonly servers?: number;
  readonly strategy?: string;
  /** Default: as the servers have them. */
  readonly serverSettings?: LocalClusterOptions['serverSettings'];
}

export async function startChatPages(options: ChatPagesOptions = {}): Promise<ChatPages> {
  const { servers = 2, strategy = 'round-robin', serverSettings = {} } = options;
  const home = mkdtempSync(join(tmpdir(), 'chat-pages-'));
  // PostgreSQL may run as another user.
  chmodSync(home, 0o755);
  const [web, browser, demo] = await Promise.all([
    webFolder(() => {}),
    launchChromium(),
    startDemo({ data: home, pace: 0 }),
  ]);
  const cluster = await startLocalCluster({
    servers,
    strategy,
    database: { kind: 'embedded', directory: join(home, 'database'), persistent: false },
    logDirectory: join(home, 'logs'),
    hashCost: { memoryKiB: 8, passes: 1 },
    serverSettings,
    restart: true,
    web,
    demo: demo.address,
    log: createLog({ component: 'test', destination: { write: () => {} } }),
  });
  const origin = cluster.endpoints[0]!;
  const watched: (readonly string[])[] = [];

  return {
    cluster,
    origin,
    browser,
    demo,
    person: (name, options) => entered(name, 'Create account', options),
    returning: (name) => entered(name, 'Sign in'),
    stranger,
    offences: () => watched.flat(),
    async stop() {
      await browser.close();
      await demo.end();
      await cluster.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };

  async function entered(
    name: string,
    how: 'Create account' | 'Sign in',
    options?: BrowserContextOptions,
  ): Promise<Person> {
    const { context, page, tab } = await stranger(options);
    await enter(page, name, { how });
    await page.getByRole('navigation').waitFor();
    return { name, context, page, tab };
  }

  async function stranger(options: BrowserContextOptions = {}): Promise<Omit<Person, 'name'>> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 720 }, ...options });
    context.setDefaultTimeout(10_000);
    const tab = async (): Promise<Page> => {
      const page = await context.newPage();
      watched.push(watchPage(page, origin));
      await page.goto(origin);
      return page;
    };
    return { context, page: await tab(), tab };
  }
}

/** Signs up, or in. */
export async function enter(
  page: Page,
  name: string,
  { how = 'Create account', word = password }: { how?: 'Create account' | 'Sign in'; word?: string } = {},
): Promise<void> {
  const verb = page.getByRole('button', { name: how, exact: true });
  const other = page.getByRole('button', { name: how === 'Sign in' ? 'I have an account' : 'Create an account' });
  await verb.or(other).waitFor();
  if (await other.isVisible()) await other.click();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(word);
  await verb.click();
}

/** Opens a direct conversation. */
export async function openChat(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'New conversation' }).first().click();
  await page.getByLabel('Name of the other').fill(name);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
}

export async function createGroup(page: Page, title: string, names: readonly string[]): Promise<void> {
  await page.getByRole('button', { name: 'New conversation' }).first().click();
  await page.getByRole('button', { name: 'New group instead' }).click();
  await page.getByLabel('Title').fill(title);
  await page.getByLabel('Members, by name').fill(names.join(', '));
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('heading', { name: title, level: 1 }).waitFor();
}

export async function say(page: Page, text: string): Promise<void> {
  await page.locator('#composer').fill(text);
  await page.locator('#composer').press('Enter');
}

/** The conversation of this title in the list. */
export function entry(page: Page, title: string) {
  return page.locator('.entry').filter({ has: page.locator('.entry-title').getByText(title, { exact: true }) });
}

/** Messages that say just this. */
export function said(page: Page, text: string) {
  return page.locator('.message .text').getByText(text, { exact: true });
}
