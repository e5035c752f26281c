/** What hands do on a page: keys, and files. */
import { createCanvas } from '@napi-rs/canvas';
import type { Page } from 'playwright-core';

/** Presses keys by their names, and types what is none. */
export async function keys(page: Page, all: readonly string[]): Promise<void> {
  for (const key of all) {
    if (/^(Tab|Enter|Escape|ArrowDown|Control\+k)$/.test(key)) await page.keyboard.press(key);
    else await page.keyboard.type(key);
  }
}

/** Goes on by Tab until what is so called has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const wanted = page.getByRole('button', { name, exact: true }).and(page.locator(':focus'));
  for (let presses = 0; presses < 40; presses++) {
    if ((await wanted.count()) > 0) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${name} cannot be reached by Tab`);
}

/** A picture of 640 × 480 pixels. */
export async function photo(): Promise<Buffer> {
  const canvas = createCanvas(640, 480);
  const context = canvas.getContext('2d');
  context.fillStyle = 'teal';
  context.fillRect(0, 0, 640, 480);
  return canvas.encode('png');
}

/** In the page: what a browser does when a file is pasted, or dropped on it. */
export function giveFile(name: string, kind: string, field: string): (file: object) => void {
  return new Function(
    'file',
    `const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(file.picture)], 'picture', { type: file.type }));
    const event = new ${kind}('${name}', { ${field}: data, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(event);`,
  ) as (file: object) => void;
}
