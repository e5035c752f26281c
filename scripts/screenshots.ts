/**
 * Pictures of the web client's main views, made in Chromium on a demonstration of its own: `node scripts/screenshots.ts [folder]`,
 * by default `docs/images`. To be looked at before they are committed.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { type Browser, chromium, type Page } from 'playwright-core';
import { freePorts } from '../src/system/apps/serve/ports.ts';
import { serve } from '../src/system/node.ts';
import { entry } from '../test/helpers/chat-pages.ts';
import { chromiumPath } from '../test/helpers/chromium.ts';

const folder = resolve(process.argv[2] ?? 'docs/images');
const name = 'mira';
const password = 'correct horse';

if (chromiumPath === null) process.exit(3);
mkdirSync(folder, { recursive: true });
const home = mkdtempSync(join(tmpdir(), 'screenshots-'));
// PostgreSQL may run as another user.
chmodSync(home, 0o755);
const [port] = await freePorts(1, '127.0.0.1');
const ending = new AbortController();
const ready = Promise.withResolvers<void>();
const print = (line: string) => line.startsWith('Ctrl-C') && ready.resolve();
const served = serve({ port: port!, data: home, demo: true, signal: ending.signal, print });
await Promise.race([ready.promise, served]);
const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
const browser = await chromium.launch({ executablePath: chromiumPath, args });
try {
  await takeAll(browser, `http://127.0.0.1:${port}`);
} finally {
  await browser.close();
  ending.abort();
  await served;
  rmSync(home, { recursive: true, force: true });
}

// ---

async function takeAll(browser: Browser, origin: string): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1360, height: 850 },
    locale: 'en-GB',
    deviceScaleFactor: 1.5,
  });
  const page = await context.newPage();
  const take = (view: string) => page.screenshot({ path: join(folder, `web-${view}.png`) });
  await page.goto(origin);
  await page.getByLabel('Name').waitFor();
  await take('sign-up');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await talk(page);
  await page.locator('.corner').click();
  const mine = await page.locator('.corner strong').textContent();
  await page.getByRole('button', { name: `Kill server ${mine}` }).click();
  await page.getByText('connection lost').waitFor();
  await page.getByText('connected to').nth(1).waitFor();
  await say(page, 'Still here, on another server.', null);
  await page.locator('.foreign').nth(4).waitFor();
  await take('light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Details' }).click();
  await page.getByRole('region', { name: 'Members' }).waitFor();
  await take('dark');
  await page.getByRole('button', { name: 'Close' }).click();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(300);
  await take('phone');
  await page.getByRole('button', { name: 'Back to conversations' }).click();
  await take('phone-list');
  await page.setViewportSize({ width: 1920, height: 1000 });
  await page.emulateMedia({ colorScheme: 'light' });
  await entry(page, 'ada').click();
  await page.getByRole('button', { name: 'Details' }).click();
  await page.getByRole('region', { name: 'Safety code' }).waitFor();
  await take('wide');
}

/** A little conversation, so that there is something to see. */
async function talk(page: Page): Promise<void> {
  await entry(page, 'Tea room').waitFor();
  await entry(page, 'ada').click();
  await say(page, 'What happens to us when a server dies?', 'I will keep talking to you');
  await entry(page, 'Tea room').click();
  await say(page, 'Good evening, everybody.', null);
  await page.locator('.foreign').nth(1).waitFor();
  const image = { name: 'harbour.png', mimeType: 'image/png', buffer: await harbour() };
  await page.locator('input[type=file]').setInputFiles(image);
  await say(page, 'The harbour, an hour ago', null);
  await page.locator('.foreign').nth(2).waitFor();
  await say(page, 'Shall we meet there on Sunday?', null);
  await page.locator('.foreign').nth(3).waitFor();
  await page.locator('.status.is-read').nth(2).waitFor();
}

async function say(page: Page, text: string, answer: string | null): Promise<void> {
  await page.locator('#composer').fill(text);
  await page.locator('#composer').press('Enter');
  if (answer !== null) await page.getByText(answer).last().waitFor();
}

/** Evening over water, drawn. */
async function harbour(): Promise<Buffer> {
  const canvas = createCanvas(960, 600);
  const context = canvas.getContext('2d');
  const sky = context.createLinearGradient(0, 0, 0, 380);
  for (const [at, colour] of [
    [0, '#27496d'],
    [0.6, '#d98e73'],
    [1, '#f3d3a2'],
  ] as const)
    sky.addColorStop(at, colour);
  context.fillStyle = sky;
  context.fillRect(0, 0, 960, 380);
  const sea = context.createLinearGradient(0, 380, 0, 600);
  for (const [at, colour] of [
    [0, '#c98f78'],
    [0.25, '#3d6076'],
    [1, '#16303f'],
  ] as const)
    sea.addColorStop(at, colour);
  context.fillStyle = sea;
  context.fillRect(0, 380, 960, 220);
  context.fillStyle = '#fff1cf';
  context.beginPath();
  context.arc(640, 350, 42, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = '#1b2a35';
  for (const [x, height] of [
    [60, 40],
    [120, 70],
    [190, 52],
    [250, 30],
    [820, 46],
    [880, 64],
  ] as const) {
    context.fillRect(x, 380 - height, 54, height);
  }
  context.beginPath();
  context.moveTo(360, 430);
  context.lineTo(520, 430);
  context.lineTo(490, 465);
  context.lineTo(390, 465);
  context.fill();
  context.fillRect(438, 270, 5, 160);
  context.beginPath();
  context.moveTo(448, 280);
  context.lineTo(520, 415);
  context.lineTo(448, 415);
  context.fill();
  return canvas.encode('png');
}
