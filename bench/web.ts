/**
 * The web client in Chromium: bytes of the first load; the time from the key press of Enter in one window to the paint in the other, servers and
 * encryption between them; and how evenly a long history scrolls. Options: `--pings N` (60), `--messages N` (10000).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { openMessenger } from '../src/system/node.ts';
import { type ChatPages, entry, openChat, password, said, say, startChatPages } from '../test/helpers/chat-pages.ts';
import { chromiumPath } from '../test/helpers/chromium.ts';
import { printFigures, rounded } from './support/run-once.ts';

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

/** As fast as a hand on a wheel: 120 pixels a frame, to the very first message. Answers the lengths of all frames. */
const scrollUp = `new Promise((resolve) => {
  const box = document.querySelector('.messages');
  const frames = [];
  let last = performance.now();
  let still = 0;
  const step = () => {
    const now = performance.now();
    frames.push(now - last);
    last = now;
    still = box.scrollTop === 0 ? still + 1 : 0;
    if (still > 30) return resolve(frames);
    box.scrollTop -= 120;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

const pages = await startChatPages({ servers: 3, strategy: 'least-connections' });
try {
  const firstLoadKb = rounded((await firstLoadBytes(pages)) / 1000);
  const paint = await paintMs(pages);
  const scroll = await scrollFrames(pages);
  printFigures({ firstLoadKb, ...paint, ...scroll });
} finally {
  await pages.stop();
}

// ---

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

async function scrollFrames(all: ChatPages): Promise<Record<string, number | null>> {
  const reader = await all.person('reader');
  await write(all.origin, Number(values.messages));
  const received = entry(reader.page, 'writer');
  await received.getByText(`message ${values.messages},`).waitFor({ timeout: 600_000 });
  await received.click();
  await reader.page.locator('.message').first().waitFor();
  await reader.page.getByRole('button', { name: 'To the newest messages' }).click();
  await reader.page.locator('.message').getByText(`message ${values.messages},`).waitFor();
  const begun = performance.now();
  const frames = (await reader.page.evaluate(scrollUp)) as number[];
  const sorted = frames.toSorted((a, b) => a - b);
  await said(reader.page, 'message 1, of no great length').waitFor();
  return {
    scrolledMessages: Number(values.messages),
    scrollSec: rounded((performance.now() - begun) / 1000, 1),
    frames: frames.length,
    frameP50Ms: rounded(sorted[Math.floor(sorted.length / 2)]!, 1),
    frameP99Ms: rounded(sorted[Math.floor(sorted.length * 0.99)]!, 1),
    frameMaxMs: rounded(sorted.at(-1)!, 1),
    framesOver50Ms: sorted.filter((ms) => ms > 50).length,
    rowsInPage: await rowsIn(reader.page),
  };
}

/** A scripted user of the SDK writes all of it. */
async function write(origin: string, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-web-'));
  const writer = await openMessenger({ origin, path: join(folder, 'writer.db') });
  await writer.signUp({ name: 'writer', password });
  writer.start();
  const opened = await writer.openDirect('reader').outcome;
  if (opened.kind !== 'sent') throw new Error(JSON.stringify(opened));
  const long = ' that goes on for a while and needs a second line, and perhaps even a third one, on a narrow window';
  for (let begin = 1; begin <= count; begin += 1000) {
    const numbers = Array.from({ length: Math.min(1000, count - begin + 1) }, (_, at) => begin + at);
    const asked = numbers.map((number) =>
      writer.send(opened.conversation, `message ${number}, ${number % 5 === 0 ? long : 'of no great length'}`),
    );
    await Promise.all(asked.map(({ outcome }) => outcome));
  }
  await writer.close();
  rmSync(folder, { recursive: true });
}

async function rowsIn(page: Page): Promise<number> {
  return page.locator('.messages li').count();
}
