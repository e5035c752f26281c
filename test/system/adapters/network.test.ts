import { connect, type Socket as NetSocket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createLog } from '../../../src/system/adapters/json-log.ts';
import { startNodeServer } from '../../../src/system/adapters/node-server.ts';
import { createWsTransport } from '../../../src/system/adapters/ws-transport.ts';
import type { Socket, SocketHandlers } from '../../../src/system/ports.ts';
import type { ConversationFrame } from '../../../src/system/protocol/frames.ts';
import type { BundleId, ConversationId, Seq, UserName } from '../../../src/system/protocol/ids.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import type { ChatServer } from '../../../src/system/server/contract.ts';
import { createEcho, type EchoRequest } from '../../helpers/echo-server.ts';

const silent = createLog({ component: 'test', destination: { write: () => {} } });
const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening(chat: ChatServer, options: { requestMs?: number; trustedBalancers?: string[] } = {}) {
  const server = await startNodeServer(chat, { host: '127.0.0.1', port: 0, log: silent, ...options });
  cleanups.push(() => server.close());
  return { port: server.port, transport: createWsTransport({ origin: `http://127.0.0.1:${server.port}` }) };
}

/** Sends bytes as they are and collects the answer until the connection ends or `enough`. */
function raw(port: number, text: string, enough: (received: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
      if (enough(received)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
}

/** A port socket that records; resolves when open. */
function opened(port: number) {
  const frames: string[] = [];
  const waiting: (() => void)[] = [];
  return new Promise<{ socket: Socket; frames: string[]; closed: Promise<number>; got(count: number): Promise<void> }>(
    (resolve, reject) => {
      let toldClosed: (code: number) => void;
      const closed = new Promise<number>((done) => {
        toldClosed = done;
      });
      const got = (count: number) =>
        new Promise<void>((done) => {
          const check = () => {
            if (frames.length >= count) done();
          };
          waiting.push(check);
          check();
        });
      const handlers: SocketHandlers & { opened(): void } = {
        opened: () => resolve({ socket, frames, closed, got }),
        message: (frame) => {
          frames.push(frame);
          for (const check of waiting) check();
        },
        closed: (code) => {
          toldClosed(code);
          reject(new Error(`closed with ${code}`));
        },
      };
      const transport = createWsTransport({ origin: `http://127.0.0.1:${port}` });
      const socket = transport.open('/v1/socket', handlers);
      cleanups.push(() => socket.terminate());
    },
  );
}

describe('HTTP on real sockets', () => {
  it('brings a request whole to the chat server, and the answer whole back', async () => {
    const seen: EchoRequest[] = [];
    const echo = createEcho(async (request) => {
      seen.push(request);
      return { status: 429, headers: { 'retry-after': '3' }, body: '{"ü":1}' };
    });
    const { transport } = await listening(echo.chat);
    const answer = await transport.request({
      method: 'POST',
      path: '/v1/users',
      query: { a: 'b c' },
      token: 'secret',
      body: '{"name":"Zoë"}',
    });
    expect(seen).toEqual([
      {
        method: 'POST',
        path: '/v1/users',
        query: { a: 'b c' },
        token: 'secret',
        body: '{"name":"Zoë"}',
        remote: '127.0.0.1',
      },
    ]);
    expect(answer).toMatchObject({ status: 429, body: '{"ü":1}' });
    expect(answer.headers?.['retry-after']).toBe('3');
  });

  it('refuses a body over the limit with 413 and never shows it to the chat server', async () => {
    let calls = 0;
    const echo = createEcho(async () => {
      calls += 1;
      return { status: 200, body: '' };
    });
    const { transport } = await listening(echo.chat);
    const body = 'x'.repeat(limits.bodyBytesMax + 1);
    const answer = await transport.request({ method: 'POST', path: '/v1/users', body });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toEqual({ code: 'tooLarge', definite: true });
    expect(calls).toBe(0);
  });

  it('tells nothing of what went wrong inside', async () => {
    const { transport } = await listening(createEcho(() => Promise.reject(new Error('password is hunter2'))).chat);
    const answer = await transport.request({ method: 'GET', path: '/stats', body: '' });
    expect(answer).toMatchObject({ status: 500, body: '{"code":"uncertain","definite":false}' });
  });

  it('cuts off a request that dribbles in, and serves others meanwhile', async () => {
    const { port, transport } = await listening(createEcho().chat, { requestMs: 200 });
    const slow = raw(port, 'POST /v1/users HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
    expect((await transport.request({ method: 'GET', path: '/healthz', body: '' })).status).toBe(200);
    expect(await slow).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('answers what is no HTTP with 400 and lives on', async () => {
    const { port, transport } = await listening(createEcho().chat);
    expect(await raw(port, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"malformed"/);
    expect((await transport.request({ method: 'GET', path: '/healthz', body: '' })).status).toBe(200);
  });

  it('believes x-forwarded-for of a trusted peer, on the first request of a connection only, and its last entry', async () => {
    const remotes: string[] = [];
    const note = async ({ remote }: EchoRequest) => {
      remotes.push(remote);
      return { status: 200, body: '{}' };
    };
    const get = (forwarded: string, rest = '') =>
      `GET /stats HTTP/1.1\r\nhost: x\r\nx-forwarded-for: ${forwarded}\r\n${rest}\r\n`;
    const twoRequests = get('6.6.6.6, 10.0.0.1') + get('10.0.0.2', 'connection: close\r\n');
    await raw((await listening(createEcho(note).chat)).port, twoRequests);
    expect(remotes.splice(0)).toEqual(['10.0.0.1', '10.0.0.1']);
    await raw((await listening(createEcho(note).chat, { trustedBalancers: ['10.9.9.9'] })).port, twoRequests);
    expect(remotes.splice(0)).toEqual(['127.0.0.1', '127.0.0.1']);
    await raw((await listening(createEcho(note).chat, { trustedBalancers: ['127.0.0.0/8'] })).port, twoRequests);
    expect(remotes).toEqual(['10.0.0.1', '10.0.0.1']);
    for (const wrong of ['balancer', '10.0.0.0/33', '10.0.0.0/']) {
      await expect(listening(createEcho(note).chat, { trustedBalancers: [wrong] })).rejects.toThrow(`holds "${wrong}"`);
    }
  });

  it('serves its numbers to Prometheus', async () => {
    const { transport } = await listening(createEcho().chat);
    const answer = await transport.request({ method: 'GET', path: '/metrics', body: '' });
    expect(answer.headers?.['content-type']).toMatch(/^text\/plain/);
    expect(answer.body).toContain('# TYPE nawaab_accepted_total counter');
    expect(answer.body).toContain('nawaab_accepted_total{server="s1"} 42');
    expect(answer.body).toContain('nawaab_cpu_seconds_total{server="s1"} 2');
  });

  it('says in one sentence that a port is in use', async () => {
    const { port } = await listening(createEcho().chat);
    const second = startNodeServer(createEcho().chat, { host: '127.0.0.1', port, log: silent });
    await expect(second).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use by another program`);
  });

  it('rejects a request that nobody answers', async () => {
    const server = await startNodeServer(createEcho().chat, { host: '127.0.0.1', port: 0, log: silent });
    const transport = createWsTransport({ origin: `http://127.0.0.1:${server.port}` });
    await server.close();
    await expect(transport.request({ method: 'GET', path: '/healthz', body: '' })).rejects.toThrow('ECONNREFUSED');
  });
});

describe('message sockets', () => {
  it('carry any frames both ways, in order, however they are batched', async () => {
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const { socket, frames, got } = await opened(port);
    const frame = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: limits.frameBytesMax }).map((length) => 'y'.repeat(length)),
      fc.constantFrom(1, 125, 126, 127, 65_535, 65_536).map((length) => 'z'.repeat(length)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async (sent) => {
        frames.length = 0;
        for (const each of sent) socket.send(each);
        await got(sent.length);
        expect(frames).toEqual(sent);
      }),
      { numRuns: 50 },
    );
  });

  it('send all frames of one turn in one write, on both sides', async () => {
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const writes = countWrites();
    const { socket, got } = await opened(port);
    writes.reset();
    for (let index = 0; index < 50; index++) socket.send(`frame ${index}`);
    await got(50);
    expect(writes.count()).toBe(2);
    writes.stop();
  });

  it('close with the given code, after everything that was sent before', async () => {
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const fromServer = await opened(port);
    echo.sockets[0]!.send('last words');
    echo.sockets[0]!.close(4003, 'draining');
    expect(await fromServer.closed).toBe(4003);
    expect(fromServer.frames).toEqual(['last words']);
    const fromClient = await opened(port);
    fromClient.socket.send('bye');
    fromClient.socket.close(1000, '');
    await fromClient.closed;
    expect(echo.frames).toContain('bye');
    expect(echo.closes).toEqual([4003, 1000]);
  });

  it('refuse a frame over the limit with 1009 and disturb nobody else', async () => {
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const [guilty, innocent] = [await opened(port), await opened(port)];
    guilty.socket.send('x'.repeat(limits.frameBytesMax + 1));
    expect(await guilty.closed).toBe(1009);
    innocent.socket.send('still here');
    await innocent.got(1);
    expect(echo.frames).toEqual(['still here']);
  });

  it('carry the longest frame of a server: the largest group, whose members have the longest names', async () => {
    const frame: ConversationFrame = {
      type: 'conversation',
      conversation: Number.MAX_SAFE_INTEGER as ConversationId,
      kind: 'group',
      // Three bytes each in UTF-8, the most for one UTF-16 unit.
      title: '漢'.repeat(limits.groupTitleCharsMax),
      admin: 'n'.repeat(limits.nameCharsMax) as UserName,
      members: Array.from({ length: limits.groupMembersMax }, () => 'n'.repeat(limits.nameCharsMax) as UserName),
      epoch: Number.MAX_SAFE_INTEGER,
      sealed: Number.MAX_SAFE_INTEGER as Seq,
      bundle: Number.MAX_SAFE_INTEGER as BundleId,
      lastSeq: Number.MAX_SAFE_INTEGER as Seq,
      after: Number.MAX_SAFE_INTEGER as Seq,
    };
    const longest = JSON.stringify(frame);
    expect(Buffer.byteLength(longest)).toBeGreaterThan(limits.frameBytesMax);
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const { frames, got } = await opened(port);
    echo.sockets[0]!.send(longest);
    await got(1);
    expect(frames).toEqual([longest]);
  });

  it('show a binary frame to the chat server as one that cannot be JSON', async () => {
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const binary = new WebSocket(`ws://127.0.0.1:${port}/v1/socket`);
    cleanups.push(() => binary.terminate());
    await new Promise((resolve) => binary.once('open', resolve));
    const echoed = new Promise((resolve) => binary.once('message', resolve));
    binary.send(Buffer.from('{"type":"ping"}'));
    await echoed;
    expect(echo.frames).toEqual(['']);
  });

  it('speak the whole protocol: fragments are joined, pings answered, breaches closed with the right code', async () => {
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const full = new WebSocket(`ws://127.0.0.1:${port}/v1/socket`);
    cleanups.push(() => full.terminate());
    await new Promise((resolve) => full.once('open', resolve));
    const ponged = new Promise((resolve) => full.once('pong', resolve));
    const closed = new Promise((resolve) => full.once('close', resolve));
    full.send('one');
    full.send('tw', { fin: false });
    full.ping('beat');
    full.send('o', { fin: true });
    full.send('three');
    expect(String(await ponged)).toBe('beat');
    full.send(Buffer.from([0x61, 0xff]), { binary: false });
    expect(await closed).toBe(1007);
    expect(echo.frames).toEqual(['one', 'two', 'three']);
  });

  it('read what came in one piece with the request', async () => {
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const head = ['GET /v1/socket HTTP/1.1', 'host: x', 'connection: upgrade', 'upgrade: websocket'];
    const rest = ['sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', '', ''];
    const frame = '\x81\x85\0\0\0\0early';
    expect(await raw(port, [...head, ...rest].join('\r\n') + frame, (text) => text.endsWith('early'))).toContain(
      ' 101 ',
    );
    expect(echo.frames).toEqual(['early']);
  });

  it('are refused on any other path, and the failed attempt tells only that it closed', async () => {
    const { transport } = await listening(createEcho().chat);
    const told = await new Promise((resolve) =>
      transport.open('/v2/socket', {
        opened: () => resolve('opened'),
        message: () => resolve('message'),
        closed: (code, reason) => resolve([code, reason]),
      }),
    );
    expect(told).toEqual([1006, 'the answer was "HTTP/1.1 404 Refused"']);
  });

  it('count what a slow reader has not taken, and say when it has', async () => {
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const reader = new WebSocket(`ws://127.0.0.1:${port}/v1/socket`);
    cleanups.push(() => reader.terminate());
    await new Promise((resolve) => reader.once('open', resolve));
    reader.pause();
    const [socket] = echo.sockets;
    for (let index = 0; index < 1000; index++) socket!.send('x'.repeat(16_000));
    await turns(3);
    expect(socket!.bufferedBytes).toBeGreaterThan(1_000_000);
    expect(echo.drains()).toBe(0);
    let received = 0;
    const all = new Promise<void>((resolve) =>
      reader.on('message', () => {
        received += 1;
        if (received === 1000) resolve();
      }),
    );
    reader.resume();
    await all;
    await turns(3);
    expect(socket!.bufferedBytes).toBe(0);
    expect(echo.drains()).toBe(1);
  });

  it('end as lost when the other side vanishes', async () => {
    const echo = createEcho();
    const { port } = await listening(echo.chat);
    const client = await opened(port);
    echo.sockets[0]!.terminate();
    expect(await client.closed).toBe(1006);
  });
});

// ---

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Counts writes to all sockets of this process. */
function countWrites() {
  const prototype = Object.getPrototypeOf(connect({ port: 1, host: '127.0.0.1' }).on('error', () => {})) as NetSocket;
  const own = Object.getOwnPropertyDescriptor(prototype, 'write');
  const write = prototype.write;
  let count = 0;
  prototype.write = function counted(this: NetSocket, ...parameters: Parameters<typeof write>) {
    count += 1;
    return write.apply(this, parameters);
  } as typeof write;
  const stop = () => {
    if (own === undefined) Reflect.deleteProperty(prototype, 'write');
    else Object.defineProperty(prototype, 'write', own);
  };
  cleanups.push(stop);
  return {
    count: () => count,
    reset: () => {
      count = 0;
    },
    stop,
  };
}
