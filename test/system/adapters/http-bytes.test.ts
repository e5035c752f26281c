import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/system/adapters/json-log.ts';
import { startNodeServer } from '../../../src/system/adapters/node-server.ts';
import { createWsTransport } from '../../../src/system/adapters/ws-transport.ts';
import type { HttpResponse } from '../../../src/system/ports.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { allBytes, cutAt, pattern, streamOf } from '../../helpers/byte-streams.ts';
import { createEcho, type EchoRequest } from '../../helpers/echo-server.ts';

const silent = createLog({ component: 'test', destination: { write: () => {} } });
const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening(
  answer: (request: EchoRequest) => Promise<HttpResponse>,
  options: { stallMs?: number; transferMs?: number; requestMs?: number; closingMs?: number } = {},
) {
  const server = await startNodeServer(createEcho(answer).chat, {
    host: '127.0.0.1',
    port: 0,
    log: silent,
    ...options,
  });
  cleanups.push(() => server.close());
  return { port: server.port, transport: createWsTransport({ origin: `http://127.0.0.1:${server.port}` }) };
}

const post = { method: 'POST', path: '/v1/blobs', body: '' } as const;
const get = { method: 'GET', path: '/v1/blobs/x', body: '' } as const;
const created: HttpResponse = { status: 201, body: '{}' };

/** Answers with these bytes and tells how many pieces were asked for, and when it was let go of. */
function giving(pieces: readonly Uint8Array[]) {
  const told = { asked: 0, over: Promise.withResolvers<void>() };
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const stream = async function* () {
    try {
      for (const piece of pieces) {
        told.asked++;
        yield piece;
      }
    } finally {
      told.over.resolve();
    }
  };
  const answer = async (): Promise<HttpResponse> => ({
    status: 200,
    headers: { 'content-length': String(length) },
    body: '',
    bytes: { length, pieces: stream() },
  });
  return { told, answer };
}

/** A connection that sends this and reads nothing. */
function deaf(port: number, text: string) {
  const socket = connect(port, '127.0.0.1', () => socket.write(text)).pause();
  socket.on('error', () => {});
  cleanups.push(() => socket.destroy());
  return socket;
}

describe('bytes over real sockets', () => {
  it('arrive the same in both directions, whatever the pieces, with the length that was told', async () => {
    const seen: (number | null)[] = [];
    const { transport } = await listening(async ({ method, bytes }) => {
      if (method === 'GET') return giving([pattern(1), pattern(300_000)]).answer();
      seen.push(bytes!.length);
      return { status: 201, body: JSON.stringify({ got: (await allBytes(bytes)).toString('base64') }) };
    });
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 200_000 }), cuts, fc.boolean(), async (length, at, told) => {
        const bytes = pattern(length);
        const answer = await transport.request({ ...post, bytes: streamOf(cutAt(bytes, at), told) });
        expect(JSON.parse(answer.body).got === Buffer.from(bytes).toString('base64')).toBe(true);
        expect(seen.pop()).toBe(told ? length : null);
      }),
      { numRuns: 30 },
    );
    const answer = await transport.request(get, { streamed: true });
    expect(answer).toMatchObject({ status: 200, body: '', bytes: { length: 300_001 } });
    expect((await allBytes(answer.bytes)).equals(Buffer.concat([pattern(1), pattern(300_000)]))).toBe(true);
  });

  it('of which nobody wants more are answered at once, while the sender still sends', async () => {
    const { transport } = await listening(async () => ({ status: 413, body: '{"code":"tooLarge"}' }));
    const pieces = Array.from({ length: 400 }, () => pattern(64 * 1024));
    const stream = streamOf(pieces);
    const answer = await transport.request({ ...post, bytes: stream });
    expect(answer).toMatchObject({ status: 413, body: '{"code":"tooLarge"}' });
    expect(stream.asked).toBeLessThan(400);
  });

  it('that nobody wants are not read for ever', async () => {
    const { port } = await listening(async () => ({ status: 413, body: '{}' }));
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).resume();
    socket.write('POST /v1/blobs HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999\r\n\r\n');
    let sent = 0;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const piece = pattern(64 * 1024);
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece)) sent += piece.length;
    };
    socket.on('drain', more);
    more();
    await closed;
    expect(sent).toBeLessThan(limits.blobBytesMax + 16 * 1024 * 1024);
  });

  it('hold the sender back while nobody reads them', async () => {
    const gate = Promise.withResolvers<void>();
    const { transport } = await listening(async ({ bytes }) => {
      await gate.promise;
      await allBytes(bytes);
      return created;
    });
    const stream = streamOf(Array.from({ length: 320 }, () => pattern(64 * 1024)));
    const answered = transport.request({ ...post, bytes: stream });
    await still(() => stream.asked);
    const askedBefore = stream.asked;
    gate.resolve();
    expect((await answered).status).toBe(201);
    expect(askedBefore).toBeLessThan(320);
    expect(stream.asked).toBe(320);
  });

  it('are made no faster than they are read, and no more once the reader is gone', async () => {
    const { told, answer } = giving(Array.from({ length: 400 }, () => pattern(64 * 1024)));
    const { port } = await listening(answer);
    const reader = deaf(port, 'GET /v1/blobs/x HTTP/1.1\r\nhost: x\r\n\r\n');
    await still(() => told.asked);
    expect(told.asked).toBeLessThan(400);
    const askedBefore = told.asked;
    reader.destroy();
    await told.over.promise;
    expect(told.asked).toBeLessThanOrEqual(askedBefore + 1);
  });

  it('are cut off when the reader takes none for too long', async () => {
    const { told, answer } = giving(Array.from({ length: 400 }, () => pattern(64 * 1024)));
    const { port } = await listening(answer, { stallMs: 100 });
    deaf(port, 'GET /v1/blobs/x HTTP/1.1\r\nhost: x\r\n\r\n');
    await told.over.promise;
    expect(told.asked).toBeLessThan(400);
  });

  it.each([
    ['sends none for too long', { stallMs: 100, closingMs: 100 }, 0],
    ['sends a few now and then for too long', { stallMs: 10_000, transferMs: 200, closingMs: 100 }, 20],
  ])('end early when the sender %s, and the sender is told', async (_, times, dribbleMs) => {
    const failed = Promise.withResolvers<string>();
    const { port } = await listening(async ({ bytes }) => {
      await allBytes(bytes).catch((error: Error) => failed.resolve(error.message));
      return { status: 400, body: '{"code":"malformed"}' };
    }, times);
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket
      .on('error', () => {})
      .on('data', (chunk) => {
        received += chunk;
      });
    socket.write('POST /v1/blobs HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\nsome');
    const dribble = dribbleMs > 0 ? setInterval(() => socket.write('.'), dribbleMs) : undefined;
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(dribble);
    expect(await failed.promise).toMatch(/nothing moved|was not over/);
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('may take longer than other requests', async () => {
    const { transport } = await listening(
      async ({ bytes }) => {
        await allBytes(bytes);
        return created;
      },
      { requestMs: 100 },
    );
    const pieces = (async function* () {
      for (let n = 0; n < 8; n++) {
        yield pattern(10);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    expect((await transport.request({ ...post, bytes: { pieces, length: null } })).status).toBe(201);
  });

  it('end early for the server when the sender goes, and cut the answer off when they end early there', async () => {
    const failed = Promise.withResolvers<string>();
    const { port, transport } = await listening(async ({ method, bytes }) => {
      if (method === 'POST') {
        await allBytes(bytes).catch((error: Error) => failed.resolve(error.message));
        return created;
      }
      const pieces = (async function* () {
        yield pattern(100);
        throw new Error('gone');
      })();
      return { status: 200, headers: { 'content-length': '200' }, body: '', bytes: { length: 200, pieces } };
    });
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('POST /v1/blobs HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nsome', () => socket.destroy());
    });
    expect(await failed.promise).toContain('connection was lost');
    const answered = transport.request(get, { streamed: true });
    await expect(answered.then(({ bytes }) => allBytes(bytes))).rejects.toThrow();
  });

  it('are cut in both directions by the caller', async () => {
    const { told, answer } = giving(Array.from({ length: 400 }, () => pattern(64 * 1024)));
    const failed = Promise.withResolvers<void>();
    const { transport } = await listening(async (request) => {
      if (request.method === 'GET') return answer();
      await allBytes(request.bytes).catch(() => failed.resolve());
      return created;
    });
    const sending = new AbortController();
    const pieces = (async function* () {
      yield pattern(100_000);
      sending.abort(new Error('never mind'));
      yield pattern(100_000);
    })();
    const asked = transport.request({ ...post, bytes: { pieces, length: null } }, { signal: sending.signal });
    await expect(asked).rejects.toThrow('never mind');
    await failed.promise;

    const reading = new AbortController();
    const { bytes } = await transport.request(get, { streamed: true, signal: reading.signal });
    const iterator = bytes!.pieces[Symbol.asyncIterator]();
    await iterator.next();
    reading.abort(new Error('never mind'));
    await expect(readOn(iterator)).rejects.toThrow();
    await told.over.promise;
    await expect(transport.request(get, { signal: reading.signal })).rejects.toThrow('never mind');
  });

  it('whose source fails are reported with its reason', async () => {
    const { transport } = await listening(async ({ bytes }) => {
      await allBytes(bytes);
      return created;
    });
    const pieces = (async function* () {
      yield pattern(10);
      throw new Error('the file was deleted');
    })();
    const asked = transport.request({ ...post, bytes: { pieces, length: null } });
    await expect(asked).rejects.toThrow('the file was deleted');
  });
});

// ---

/** Resolves when a count has risen and then stood still for a while: everything between the two ends is full. */
async function still(count: () => number): Promise<void> {
  for (let last = 0, same = 0; same < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const now = count();
    same = now > 0 && now === last ? same + 1 : 0;
    last = now;
  }
}

async function readOn(iterator: AsyncIterator<Uint8Array>): Promise<void> {
  while (!(await iterator.next()).done);
}
