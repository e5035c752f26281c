import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { type OutputChunk, rolldown } from 'rolldown';
import { afterEach, describe, expect, it } from 'vitest';
import { createBrowserClock } from '../../src/system/adapters/browser-clock.ts';
import { createBrowserRandom } from '../../src/system/adapters/browser-random.ts';
import {
  createBrowserThumbnails,
  type DrawingCanvas,
  type DrawingContext,
  type DrawingWorld,
} from '../../src/system/adapters/browser-thumbnail.ts';
import type { IndexedDbWorld } from '../../src/system/adapters/indexeddb-database.ts';
import type { LockManager } from '../../src/system/adapters/indexeddb-types.ts';
import type * as browser from '../../src/system/browser.ts';
import { inspectImage } from '../../src/system/client/images/inspect.ts';
import { isThumbnail } from '../../src/system/client/images/thumbnail.ts';
import { stubBrowserFetch } from '../helpers/browser-fetch.ts';
import { drawn } from '../helpers/images.ts';
import { startRealServer } from '../helpers/real-server.ts';

const root = resolve(import.meta.dirname, '../..');
const entry = join(root, 'src/system/browser.ts');
const { locks } = navigator as unknown as { locks: LockManager };

/** Packages that ts-mls loads for other cipher suites, and for browsers without Ed25519 of their own. */
const othersCiphers = /^@(hpke|noble)\//;
/** What @hpke/common asks for where there is no WebCrypto: in old versions of Node. */
const oldNode = 'crypto';

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('what a browser loads', () => {
  it('reaches no module of Node from any of its files', () => {
    const offending = [...reachable(entry)].flatMap(([file, imports]) =>
      imports.filter((to) => to.startsWith('node:')).map((to) => `${relative(root, file)} → ${to}`),
    );
    expect(offending).toEqual([]);
  });

  it('becomes one file, and what stays outside of it is never asked for by a browser', async () => {
    const { code, fileName, imports, dynamicImports } = await bundled();
    expect(imports).toEqual([]);
    const outside = dynamicImports.filter((name) => name !== fileName);
    expect(outside.filter((name) => !othersCiphers.test(name) && name !== oldNode)).toEqual([]);
    expect(code).not.toMatch(/["']node:/);
  });
});

describe('a messenger in a browser', () => {
  it('from that one file signs up, sends and receives encrypted, and has everything when the page is loaded anew', async () => {
    const { origin, stop } = await startRealServer();
    cleanups.push(stop);
    stubBrowserFetch();
    const { code } = await bundled();
    // As a page would have it: whatever is not in the file cannot be found from here.
    const page = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as typeof browser;
    const storage: IndexedDbWorld = { factory: new IDBFactory(), ranges: IDBKeyRange, locks };
    const open = async (name: string) => {
      const messenger = await page.openBrowserMessenger({ name, origin, storage });
      cleanups.push(() => messenger.close());
      return messenger;
    };
    const [ada, bob] = [await open('ada'), await open('bob')];
    for (const [name, messenger] of Object.entries({ ada, bob })) {
      expect(await messenger.signUp({ name, password: 'correct horse' })).toMatchObject({ kind: 'ok' });
      messenger.start();
    }
    await expect(open('ada')).rejects.toThrow('in use by another program or window');
    const heard = new Promise((resolve) =>
      bob.on('item', ({ content }) => content.kind === 'text' && resolve(content.text)),
    );
    const opened = await ada.openDirect('bob').outcome;
    if (opened.kind !== 'sent') throw new Error(JSON.stringify(opened));
    const { conversation } = opened;
    // What is sent before a device has left its first keys cannot be read by it.
    await expect.poll(() => ada.safetyCode(conversation)).toMatch(/^[0-9 ]+$/);
    expect(await ada.send(conversation, 'from a page').outcome).toMatchObject({ kind: 'sent' });
    expect(await heard).toBe('from a page');
    await ada.close();
    const again = await open('ada');
    expect(again.isSignedIn).toBe(true);
    expect((await again.history({ conversation })).at(-1)).toMatchObject({ content: { text: 'from a page' } });
    expect(again.conversation(conversation)).toMatchObject({ title: 'bob', isEncrypted: true });
    await expect(page.eraseBrowserMessenger({ name: 'ada', storage })).rejects.toThrow('in use by another program');
    await again.close();
    await page.eraseBrowserMessenger({ name: 'ada', storage });
    await page.eraseBrowserMessenger({ name: 'ada', storage });
    expect((await open('ada')).me).toBeNull();
  });
});

describe('the clock of a browser', () => {
  it('never calls early, nor at once, nor what was cancelled', async () => {
    const clock = createBrowserClock();
    const calls: string[] = [];
    clock.after(0, () => calls.push('zero'));
    clock.after(-5, () => calls.push('negative'));
    clock.after(0, () => calls.push('cancelled'))();
    clock.after(1, () => calls.push('cancelled later'))();
    expect(calls).toEqual([]);
    const early = [0.2, 1, 3.7].map((delay) => {
      const start = clock.now();
      return new Promise<number>((resolve) => clock.after(delay, () => resolve(clock.now() - start - delay)));
    });
    for (const ms of await Promise.all(early)) expect(ms).toBeGreaterThanOrEqual(0);
    expect(calls).toEqual(['zero', 'negative']);
  });
});

describe('the chance of a browser', () => {
  it('gives as many bytes as asked for, none twice, and fractions below one', () => {
    const random = createBrowserRandom();
    for (const length of [0, 1, 65_536, 200_000]) expect(random.bytes(length)).toHaveLength(length);
    const end = random.bytes(200_000).subarray(-64);
    expect(end.some((byte) => byte !== 0)).toBe(true);
    const drawn = Array.from({ length: 2000 }, () => random.next());
    expect(new Set(drawn).size).toBe(2000);
    expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
  });
});

describe('a thumbnail in a browser', () => {
  it('is a small JPEG of the same shape; images beyond what may be decoded go without', async () => {
    const image = await drawn('png', { width: 800, height: 400 });
    const blob = new Blob([image as Uint8Array<ArrayBuffer>]);
    const make = createBrowserThumbnails({}, canvasWorld);
    const thumbnail = await make(blob, inspectImage(image));
    expect(thumbnail).toMatchObject({ type: 'image/jpeg', width: 256, height: 128 });
    expect(isThumbnail(thumbnail!)).toBe(true);
    expect(await createBrowserThumbnails({ pixelsMax: 1000 }, canvasWorld)(blob, inspectImage(image))).toBeNull();
  });

  it('is not to be had where the browser cannot draw', async () => {
    const make = createBrowserThumbnails({}, {});
    expect(await make(new Blob([]), { type: 'image/png', width: 1, height: 1 })).toBeNull();
  });
});

// ---

/** One file for browsers. */
async function bundled(): Promise<OutputChunk> {
  const bundle = await rolldown({ input: entry, platform: 'browser', onLog: () => {} });
  const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false });
  await bundle.close();
  expect(output).toHaveLength(1);
  return output[0];
}

/** Every file that one imports, directly or not, with what it imports; types are left out, for they are not loaded. */
function reachable(file: string, found = new Map<string, readonly string[]>()) {
  if (found.has(file)) return found;
  const text = readFileSync(file, 'utf8').replace(/^(import|export) type [^;]*;/gm, '');
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
  found.set(file, imports);
  for (const to of imports) if (to.startsWith('.')) reachable(resolve(dirname(file), to), found);
  return found;
}

/** What a browser has, on the canvas of Node. */
const canvasWorld: DrawingWorld = {
  async createImageBitmap(image) {
    const picture = await loadImage(Buffer.from(await image.arrayBuffer()));
    return Object.assign(picture, { close: () => {} });
  },
  OffscreenCanvas: class implements DrawingCanvas {
    private readonly canvas;
    constructor(width: number, height: number) {
      this.canvas = createCanvas(width, height);
    }
    getContext() {
      return this.canvas.getContext('2d') as unknown as DrawingContext;
    }
    async convertToBlob({ quality }: { readonly quality: number }) {
      return new Blob([(await this.canvas.encode('jpeg', quality * 100)) as Uint8Array<ArrayBuffer>]);
    }
  },
};
