/**
 * The web client in Chromium: bytes of the first load; the time from the key press of Enter in one window to the paint in the other, servers and
 * encryption between them; and how evenly a long history scrolls. Options: `--pings N` (60), `--messages N` (10000).
 */
import { parseArgs } from 'node:util';
import { noUseLimits } from '../src/sim/backends/lifted-limits.ts';
import {
  type ChatPages,
  type ChatPagesOptions,
  entry,
  openChat,
  password,
  said,
  say,
  startChatPages,
} from '../test/helpers/chat-pages.ts';
import { chromiumPath } from '../test/helpers/chromium.ts';
import { printFigures, rounded } from './support/run-once.ts';
import { scrollFrames } from './support/scroll-frames.ts';

const { values } = parseArgs({
  options: { pings: { type: 'string', default: '60' }, messages: { type: 'string', default: '10000' } },
});
if (chromiumPath === null) process.exit(3);

/** Both windows are on one machine and have one clock. */
const noteKeys = `addEventListener('keydown', (event) => {
  if (event.key === 'Enter') globalThis.pressedAt = performance.timeOrigin + event.timeStamp;
}, true)`;

/** A frame that is asked for in a frame begins when the former one was handed over. */
const notePaints = `{
  const times = new Map();
  new MutationObserver(() => {
    const text = [...document.querySelectorAll('.message .text')].at(-1)?.textContent;
    if (text && !times.has(text)) {
      const { promise, resolve } = Promise.withResolvers();
      times.set(text, promise);
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now())));
    }
  }).observe(document.querySelector('.messages'), { subtree: true, childList: true, characterData: true });
  globalThis.painted = (text) => times.get(text);
}`;

const strategy = 'least-connections';
/** As in earnest, but for one user who writes the whole history. */
const quickly = { ...noUseLimits, batchWaitMs: 0 };

const inEarnest = await withPages({ servers: 3, strategy }, async (pages) => ({
  firstLoadKb: rounded((await firstLoadBytes(pages)) / 1000),
  ...(await paintMs(pages)),
}));
tell(`${values.pings} messages painted`);
const scrolled = await withPages({ servers: 3, strategy, serverSettings: quickly }, (pages) =>
  scrollFrames(pages, Number(values.messages), tell),
);
printFigures({ ...inEarnest, ...scrolled });

// ---

async function withPages<T>(options: ChatPagesOptions, work: (pages: ChatPages) => Promise<T>): Promise<T> {
  const pages = await startChatPages(options);
  try {
    tell('servers and browser are there');
    return await work(pages);
  } finally {
    await pages.stop();
  }
}

/** What goes over the wire until somebody is signed in. */
async function firstLoadBytes({ browser, origin }: ChatPages): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const sizes: Promise<number>[] = [];
  context.on('requestfinished', (request) => {
    sizes.push(
      request.sizes().then(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize),
    );
  });
  await page.goto(origin);
  await page.getByLabel('Name').fill('first');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('navigation').waitFor();
  await page.waitForTimeout(1000);
  const pageBytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await context.close();
  return pageBytes + (await workerBytes(origin));
}

/** The worker's file is asked for by the worker, of which the page's context does not hear. */
async function workerBytes(origin: string): Promise<number> {
  const main = /assets\/index-[\w-]+\.js/.exec(await (await fetch(origin)).text())![0];
  const worker = /assets\/shared-worker-[\w-]+\.js/.exec(await (await fetch(`${origin}/${main}`)).text())![0];
  const answer = await fetch(`${origin}/${worker}`, { method: 'HEAD', headers: { 'accept-encoding': 'br' } });
  return Number(answer.headers.get('content-length'));
}

async function paintMs(all: ChatPages): Promise<Record<string, number | null>> {
  const [ada, bo] = [await all.person('ada'), await all.person('bo')];
  await openChat(ada.page, 'bo');
  await say(ada.page, 'hello');
  await entry(bo.page, 'ada').click();
  await said(bo.page, 'hello').waitFor();
  await ada.page.evaluate(noteKeys);
  await bo.page.evaluate(notePaints);
  const times: number[] = [];
  for (let ping = 0; ping < Number(values.pings); ping++) {
    await say(ada.page, `ping ${ping}`);
    await said(bo.page, `ping ${ping}`).waitFor();
    const painted = (await bo.page.evaluate(`painted('ping ${ping}')`)) as number;
    times.push(painted - ((await ada.page.evaluate('pressedAt')) as number));
  }
  await Promise.all([ada.context.close(), bo.context.close()]);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => rounded(sorted[Math.floor(share * (sorted.length - 1))]!);
  return { paintP50Ms: at(0.5), paintP95Ms: at(0.95), paintMaxMs: at(1) };
}

/** To standard error: the figures alone are on standard output. */
function tell(progress: string): void {
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${progress}`);
}
