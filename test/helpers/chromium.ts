import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';

const places: readonly string[] = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The Chromium of this machine: the environment variable CHROMIUM, or where it usually is. Null when there is none. */
export const chromiumPath: string | null = process.env.CHROMIUM ?? places.find((place) => existsSync(place)) ?? null;

if (chromiumPath === null) {
  console.warn(
    `SKIPPED: tests in a browser need Chromium: set CHROMIUM to its path, or install it. Looked at: ${places.join(', ')}.`,
  );
}

export async function launchChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  // As root, in a container, Chromium refuses its own sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: chromiumPath!, args });
}

/** What a page must never do: fail, break its own policy, or ask anybody else. */
export function watchPage(page: Page, origin: string): readonly string[] {
  const offences: string[] = [];
  page.on('pageerror', (error) => offences.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A server that is killed on purpose, and a name that is taken, are told by the browser too.
    if (message.type() === 'error' && !/WebSocket|Failed to load resource/.test(message.text()))
      offences.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('blob:')) offences.push(`asked ${url}`);
  });
  return offences;
}
