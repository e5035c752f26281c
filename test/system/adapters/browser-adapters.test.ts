/** What a client in a browser stands on, as far as Node has the same interfaces; in a browser itself: `test/system/apps/web`. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createBrowserClock } from '../../../src/system/adapters/browser-clock.ts';
import { createBrowserRandom } from '../../../src/system/adapters/browser-random.ts';
import { createFetchTransport } from '../../../src/system/adapters/fetch-transport.ts';
import { startNodeServer } from '../../../src/system/adapters/node-server.ts';
import type { HttpResponse, Socket } from '../../../src/system/ports.ts';
import { allBytes, cutAt, pattern, streamOf } from '../../helpers/byte-streams.ts';
import { createEcho, type EchoRequest } from '../../helpers/echo-server.ts';
import { silentLog } from '../../helpers/postgres.ts';

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening(answer?: (request: EchoRequest) => Promise<HttpResponse>) {
  const echo = createEcho(answer);
  const server = await startNodeServer(echo.chat, { host: '127.0.0.1', port: 0, log: silentLog });
  cleanups.push(() => server.close());
  return { echo, transport: createFetchTransport({ origin: `http://127.0.0.1:${server.port}`, requestMs: 300 }) };
}

const get = { method: 'GET', path: '/v1/blobs/x', body: '' } as const;

describe('requests by fetch', () => {
  it('come whole to the server, and the answer whole back', async () => {
    const seen: EchoRequest[] = [];
    const { transport } = await listening(async (request) => {
      seen.push(request);
      return { status: 429, headers: { 'retry-after': '3' }, body: '{"ü":1}' };
    });
    const body = '{"name":"Zoë"}';
    const asked = { method: 'POST', path: '/v1/users', query: { a: 'b c' }, token: 'secret', body } as const;
    const answer = await transport.request(asked);
    expect(seen).toEqual([{ ...asked, remote: '127.0.0.1' }]);
    expect(answer).toMatchObject({ status: 429, body: '{"ü":1}', headers: { 'retry-after': '3' } });
  });

  it('carry bytes both ways, whatever the pieces', async () => {
    const { transport } = await listening(async ({ method, bytes }) => {
      if (method === 'POST') return { status: 201, body: JSON.stringify((await allBytes(bytes)).toString('base64')) };
      return {
        status: 200,
        headers: { 'content-length': '300001' },
        body: '',
        bytes: streamOf([pattern(1), pattern(300_000)]),
      };
    });
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
    const sent = fc.asyncProperty(fc.integer({ min: 0, max: 200_000 }), cuts, async (length, at) => {
      const bytes = streamOf(cutAt(pattern(length), at));
      const answer = await transport.request({ method: 'POST', path: '/v1/blobs', body: '', bytes });
      expect(JSON.parse(answer.body) === Buffer.from(pattern(length)).toString('base64')).toBe(true);
    });
    await fc.assert(sent, { numRuns: 20 });
    const { bytes } = await transport.request(get, { streamed: true });
    expect(bytes!.length).toBe(300_001);
    expect((await allBytes(bytes)).equals(Buffer.concat([pattern(1), pattern(300_000)]))).toBe(true);
  });

  it('end when they are cut, also while the answer is read, and when nothing comes', async () => {
    const never = Promise.withResolvers<HttpResponse>();
    const { transport } = await listening(({ method }) =>
      method === 'GET'
        ? Promise.resolve({ status: 200, headers: { 'content-length': '1000000000' }, body: '', bytes: endless() })
        : never.promise,
    );
    const { bytes } = await transport.request(get, { streamed: true, signal: cutAfterFirst.signal });
    await expect(readAll(bytes!.pieces, () => cutAfterFirst.abort(new Error('enough')))).rejects.toThrow('enough');
    await expect(transport.request({ method: 'POST', path: '/v1/users', body: '{}' })).rejects.toThrow(
      'no answer within 300 ms',
    );
    await expect(transport.request(get, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    never.resolve({ status: 200, body: '{}' });
  });

  const cutAfterFirst = new AbortController();

  it('reject when nobody answers', async () => {
    const { transport } = await listening();
    await cleanups.pop()!();
    await expect(transport.request(get)).rejects.toThrow();
  });
});

describe('a socket of a browser', () => {
  it('carries frames both ways in order, and closes with the code that either side gives', async () => {
    const { echo, transport } = await listening();
    const one = await opened(transport.open.bind(transport));
    const frames = ['é', 'y'.repeat(65_536), 'x'];
    for (const frame of frames) one.socket.send(frame);
    await expect.poll(() => one.frames).toEqual(frames);
    one.socket.close(1001, 'r'.repeat(500));
    expect(await one.closed).toBe(1000);
    one.socket.send('after the end');
    const other = await opened(transport.open.bind(transport));
    echo.sockets[1]!.send('last words');
    echo.sockets[1]!.close(4003, 'draining');
    expect(await other.closed).toBe(4003);
    expect(other.frames).toEqual(['last words']);
    expect(echo.frames).toEqual(frames);
  });

  it('is over at once when it is cut, and says nothing more', async () => {
    const { echo, transport } = await listening();
    const { socket, frames, closed } = await opened(transport.open.bind(transport));
    echo.sockets[0]!.send('on its way');
    socket.terminate();
    expect(await closed).toBe(1006);
    await expect.poll(() => echo.closes).toHaveLength(1);
    expect(frames).toEqual([]);
  });

  it('that does not come about only closes', async () => {
    const { transport } = await listening();
    await expect(opened((_, handlers) => transport.open('/elsewhere', handlers))).rejects.toThrow('closed with 1006');
  });
});

describe('the clock and chance of a browser', () => {
  it('never run early, run in the order of asking, and can be called off', async () => {
    const clock = createBrowserClock();
    const told: string[] = [];
    const from = clock.now();
    const waited = new Promise<number>((resolve) => clock.after(5, () => resolve(clock.now() - from)));
    clock.after(0, () => told.push('first'));
    clock.after(0, () => told.push('never'))();
    const soon = new Promise<void>((resolve) => clock.after(-1, resolve));
    expect(told).toEqual([]);
    await soon;
    expect(told).toEqual(['first']);
    expect(await waited).toBeGreaterThanOrEqual(5);
    expect(Math.abs(clock.wall() - Date.now())).toBeLessThan(1000);
  });

  it('draws fractions and any number of bytes', () => {
    const random = createBrowserRandom();
    const drawn = Array.from({ length: 1000 }, () => random.fork('x').next());
    expect(drawn.every((one) => one >= 0 && one < 1)).toBe(true);
    expect(new Set(drawn).size).toBe(1000);
    const bytes = random.bytes(200_000);
    expect(new Set(bytes).size).toBe(256);
    expect(bytes.subarray(-100).some((byte) => byte !== 0)).toBe(true);
  });
});

describe('the messenger of a browser', () => {
  it('imports nothing of Node', () => {
    const found = importsFrom(resolve('src/system/browser.ts'));
    expect(found.files.length).toBeGreaterThan(50);
    expect(found.ofNode).toEqual([]);
  });
});

// ---

type Open = (path: string, handlers: Parameters<ReturnType<typeof createFetchTransport>['open']>[1]) => Socket;

function opened(open: Open) {
  const frames: string[] = [];
  const closed = Promise.withResolvers<number>();
  return new Promise<{ socket: Socket; frames: string[]; closed: Promise<number> }>((resolve, reject) => {
    const socket = open('/v1/socket', {
      opened: () => resolve({ socket, frames, closed: closed.promise }),
      message: (frame) => void frames.push(frame),
      closed: (code) => {
        closed.resolve(code);
        reject(new Error(`closed with ${code}`));
      },
    });
    cleanups.push(() => socket.terminate());
  });
}

function endless() {
  return {
    length: null,
    pieces: (async function* () {
      for (;;) yield pattern(1000);
    })(),
  };
}

async function readAll(pieces: AsyncIterable<Uint8Array>, afterFirst: () => void): Promise<void> {
  for await (const _ of pieces) afterFirst();
}

/** Every file that is loaded with this one, and what they import of Node. Types are not loaded. */
function importsFrom(entry: string): { readonly files: readonly string[]; readonly ofNode: readonly string[] } {
  const files = [entry];
  const ofNode: string[] = [];
  for (const file of files) {
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type )[^;]*?from '([^']+)'/gm,
    )) {
      if (name.startsWith('node:')) ofNode.push(`${relative('.', file)} imports ${name}`);
      const next = join(dirname(file), name);
      if (name.startsWith('.') && !files.includes(next)) files.push(next);
    }
  }
  return { files, ofNode };
}
