import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/system/adapters/json-log.ts';
import { startNodeServer } from '../../src/system/adapters/node-server.ts';
import type { HttpResponse, Transport } from '../../src/system/ports.ts';
import { limits } from '../../src/system/protocol/limits.ts';
import { allBytes, cutAt, pattern, streamOf } from '../helpers/byte-streams.ts';
import { createEcho, type EchoRequest } from '../helpers/echo-server.ts';

export interface TransportOptions {
  readonly origin: string;
  readonly requestMs?: number;
}

/** Something before a port of this machine. */
type Front = (port: number) => Promise<{ readonly origin: string; stop(): void }>;

/** What every `Transport` over a real network promises, shown on sockets of this machine; `front`: with this before them. */
export function transportContract(
  name: string,
  create: (options: TransportOptions) => Transport,
  front: Front = direct,
): void {
  const cleanups: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function listening(answer?: (request: EchoRequest) => Promise<HttpResponse>, requestMs?: number) {
    const echo = createEcho(answer);
    const server = await startNodeServer(echo.chat, { host: '127.0.0.1', port: 0, log: silent });
    cleanups.push(() => server.close());
    const origin = await reached(server.port);
    return { echo, server, transport: create({ origin, ...(requestMs ? { requestMs } : {}) }) };
  }

  async function reached(port: number): Promise<string> {
    const { origin, stop } = await front(port);
    cleanups.push(stop);
    return origin;
  }

  async function connected(transport: Transport) {
    const heard = createHeard();
    const socket = transport.open('/v1/socket', heard.handlers);
    cleanups.push(() => socket.terminate());
    expect(await heard.opened).toBe('opened');
    return { ...heard, socket };
  }

  describe(`requests by ${name}`, () => {
    it('reach the chat server whole, and so does the answer the client', async () => {
      const seen: EchoRequest[] = [];
      const { transport } = await listening(async (request) => {
        seen.push(request);
        return { status: 429, headers: { 'retry-after': '3' }, body: '{"ü":1}' };
      });
      const request = { method: 'POST', path: '/v1/users', query: { a: 'b c' }, token: 'secret' } as const;
      const answer = await transport.request({ ...request, body: '{"name":"Zoë"}' });
      expect(seen).toEqual([{ ...request, body: '{"name":"Zoë"}', remote: '127.0.0.1' }]);
      expect(answer).toMatchObject({ status: 429, body: '{"ü":1}' });
      expect(answer.headers?.['retry-after']).toBe('3');
    });

    it.each(['GET', 'PUT', 'DELETE'] as const)('may be a %s without a body', async (method) => {
      const { transport } = await listening(async (request) => ({ status: 200, body: JSON.stringify(request) }));
      const answer = await transport.request({ method, path: '/v1/devices', body: '' });
      expect(JSON.parse(answer.body)).toEqual({
        method,
        path: '/v1/devices',
        body: '',
        remote: '127.0.0.1',
      });
    });

    it('are rejected when nobody answers, or not in time', async () => {
      const never = new Promise<HttpResponse>(() => {});
      const { server, transport } = await listening(() => never, 50);
      await expect(transport.request(get)).rejects.toThrow('no answer within 50 ms');
      await server.close();
      await expect(transport.request(get)).rejects.toThrow();
    });

    it('are cut by their owner, before and while they are under way', async () => {
      const { transport } = await listening(() => new Promise<HttpResponse>(() => {}));
      await expect(transport.request(get, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
        'enough',
      );
      const cancel = new AbortController();
      const asked = transport.request(get, { signal: cancel.signal });
      cancel.abort(new Error('enough'));
      await expect(asked).rejects.toThrow('enough');
    });
  });

  describe(`bytes by ${name}`, () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 });

    it('go up and come down unchanged, however they are cut', async () => {
      let kept: Buffer = Buffer.alloc(0);
      const { transport } = await listening(async ({ method, bytes }) => {
        if (method === 'POST') kept = await allBytes(bytes);
        if (method === 'POST') return { status: 201, body: String(kept.length) };
        const stream = streamOf(cutAt(kept, [0.3, 0.8]));
        return { status: 200, headers: { 'content-length': String(kept.length) }, body: '', bytes: stream };
      });
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 400_000 }), shares, fc.boolean(), async (length, at, told) => {
          const sent = pattern(length);
          const up = await transport.request({ ...post, bytes: streamOf(cutAt(sent, at), told) });
          expect(up).toMatchObject({ status: 201, body: String(length) });
          const down = await transport.request(get, { streamed: true });
          expect(down.bytes?.length).toBe(length);
          expect((await allBytes(down.bytes)).equals(sent)).toBe(true);
        }),
        { numRuns: 20 },
      );
    });

    it('that cannot be read any more reject the request with their own reason', async () => {
      const { transport } = await listening(async ({ bytes }) => {
        const read = await allBytes(bytes).catch(() => null);
        return { status: read === null ? 400 : 201, body: '{}' };
      });
      const broken = async function* () {
        yield pattern(1000);
        throw new Error('the card was removed');
      };
      const sent = transport.request({ ...post, bytes: { length: 2000, pieces: broken() } });
      await expect(sent).rejects.toThrow('the card was removed');
    });

    it('that hang are let go of when the request is cut', async () => {
      const { transport } = await listening(async ({ bytes }) => {
        await allBytes(bytes).catch(() => null);
        return { status: 201, body: '{}' };
      });
      const cancel = new AbortController();
      const hanging = async function* () {
        yield pattern(1000);
        cancel.abort(new Error('enough'));
        await new Promise(() => {});
      };
      const sent = transport.request(
        { ...post, bytes: { length: 2000, pieces: hanging() } },
        { signal: cancel.signal },
      );
      await expect(sent).rejects.toThrow('enough');
    });

    it('that end early reject, and refusals of a streamed request come as text', async () => {
      let answer: HttpResponse = { status: 404, body: '{"code":"unknownPath"}' };
      const { transport } = await listening(async () => answer);
      const refused = await transport.request(get, { streamed: true });
      expect(refused).toMatchObject({ status: 404, body: '{"code":"unknownPath"}' });
      const short = async function* () {
        yield pattern(1000);
        throw new Error('the database is gone');
      };
      const bytes = { length: 2000, pieces: short() };
      answer = { status: 200, headers: { 'content-length': '2000' }, body: '', bytes };
      const fetched = transport.request(get, { streamed: true }).then((good) => allBytes(good.bytes));
      await expect(fetched).rejects.toThrow();
    });

    it('come whole though their connection ended before anybody read them', async () => {
      const bytes = pattern(64 * 1024);
      const head = `HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\nconnection: close\r\n\r\n`;
      const server = createServer((socket) => {
        socket.on('error', () => {}).once('data', () => socket.end(Buffer.concat([Buffer.from(head), bytes])));
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      cleanups.push(() => void server.close());
      const transport = create({ origin: await reached((server.address() as AddressInfo).port) });
      const late = await transport.request(get, { streamed: true });
      // Long enough for the end to arrive: each of these comes after it, whole.
      for (let n = 0; n < 5; n++) expect((await transport.request(get)).body).not.toBe('');
      expect((await allBytes(late.bytes)).equals(bytes)).toBe(true);
    });

    it('that nobody wants any more are not sent on', async () => {
      const letGo = Promise.withResolvers<void>();
      const { transport } = await listening(async () => ({
        status: 200,
        body: '',
        bytes: {
          length: null,
          pieces: (async function* () {
            try {
              for (;;) yield pattern(64 * 1024);
            } finally {
              letGo.resolve();
            }
          })(),
        },
      }));
      const { bytes } = await transport.request(get, { streamed: true });
      for await (const _ of bytes!.pieces) break;
      await letGo.promise;
    });
  });

  describe(`message sockets by ${name}`, () => {
    it('carry any frames both ways, in order', async () => {
      const { transport } = await listening();
      const { socket, frames, got } = await connected(transport);
      const frame = fc.oneof(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
        fc.constantFrom(1, 125, 126, 127, 65_535, 65_536).map((length) => 'z'.repeat(length)),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async (sent) => {
          frames.length = 0;
          for (const each of sent) socket.send(each);
          await got(sent.length);
          expect(frames).toEqual(sent);
        }),
        { numRuns: 30 },
      );
    });

    it('close with the given code, after everything that was sent before', async () => {
      const { echo, transport } = await listening();
      const fromServer = await connected(transport);
      echo.sockets[0]!.send('last words');
      echo.sockets[0]!.close(4003, 'draining');
      expect(await fromServer.closed).toEqual([4003, 'draining']);
      expect(fromServer.frames).toEqual(['last words']);
      const fromClient = await connected(transport);
      fromClient.socket.send('bye');
      fromClient.socket.close(1000, 'é'.repeat(40));
      await fromClient.closed;
      expect(echo.frames).toContain('bye');
      await vi.waitFor(() => expect(echo.closes).toEqual([4003, 1000]));
    });

    it('that are refused tell only that they closed', async () => {
      const { server, transport } = await listening();
      for (const path of ['/v2/socket', '/v1/socket']) {
        if (path === '/v1/socket') await server.close();
        const heard = createHeard();
        transport.open(path, heard.handlers).send('too early');
        expect(await heard.opened).toBe('closed');
        expect(await heard.closed).toMatchObject([1006, expect.any(String)]);
      }
    });

    it('are lost when the other side vanishes, and heard no more when they were cut here', async () => {
      const { echo, transport } = await listening();
      const left = await connected(transport);
      echo.sockets[0]!.terminate();
      expect((await left.closed)[0]).toBe(1006);
      const { socket, frames, closed } = await connected(transport);
      socket.send('echo');
      socket.terminate();
      socket.terminate();
      expect((await closed)[0]).toBe(1006);
      expect(frames).toEqual([]);
    });

    it('take no frame over the limit', async () => {
      const { echo, transport } = await listening();
      const { socket, closed } = await connected(transport);
      socket.send('x'.repeat(limits.frameBytesMax + 1));
      expect((await closed)[0]).toBe(1009);
      expect(echo.frames).toEqual([]);
    });
  });
}

// ---

const direct: Front = async (port) => ({ origin: `http://127.0.0.1:${port}`, stop: () => {} });

const silent = createLog({ component: 'test', destination: { write: () => {} } });
const get = { method: 'GET', path: '/v1/blobs/x', body: '' } as const;
const post = { method: 'POST', path: '/v1/blobs', body: '' } as const;

/** Handlers that record. */
function createHeard() {
  const frames: string[] = [];
  const waiting = new Set<() => void>();
  const opened = Promise.withResolvers<'opened' | 'closed'>();
  const closed = Promise.withResolvers<readonly [number, string]>();
  const handlers: Parameters<Transport['open']>[1] = {
    opened: () => opened.resolve('opened'),
    message(frame) {
      frames.push(frame);
      for (const check of waiting) check();
    },
    closed(code, reason) {
      opened.resolve('closed');
      closed.resolve([code, reason]);
    },
  };
  const got = (count: number) =>
    new Promise<void>((resolve) => {
      const check = () => void (frames.length >= count && resolve());
      waiting.add(check);
      check();
    });
  return { handlers, frames, got, opened: opened.promise, closed: closed.promise };
}
