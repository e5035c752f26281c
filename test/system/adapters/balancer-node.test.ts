import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  createSystemClock,
  type NodeBalancer,
  type NodeBalancerOptions,
  startBalancer,
} from '../../../src/system/node.ts';
import { Problem } from '../../../src/system/problem.ts';
import { createSeededRandom } from '../../../src/system/seeded-random.ts';
import { headOf, startUpstream, type Upstream, type UpstreamOptions } from '../../helpers/upstream.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of undo.splice(0).reverse()) await stop();
});

describe('a balancer that listens', () => {
  it('passes requests and answers through whole, and says who the client really is', async () => {
    const { balancer, servers } = await startAll();
    const body = 'x'.repeat(300_000);
    const answer = await fetch(`http://127.0.0.1:${balancer.port}/v1/users?a=b`, {
      method: 'POST',
      body,
      headers: { 'X-Forwarded-For': '10.9.8.7' },
    });
    expect(await answer.text()).toBe(body);
    expect(servers[0]!.requests).toMatchObject([
      { method: 'POST', url: '/v1/users?a=b', headers: { 'x-forwarded-for': '127.0.0.1' } },
    ]);
  });

  it('splices WebSockets', async () => {
    const sockets = new WebSocketServer({ noServer: true });
    const { balancer } = await startAll({
      rawUpgrade: (request, socket) => {
        sockets.handleUpgrade(request, socket, Buffer.alloc(0), (client) => {
          client.on('message', (data) => client.send(`echo ${String(data)}`));
        });
      },
    });
    const client = new WebSocket(`ws://127.0.0.1:${balancer.port}/v1/socket`);
    await once(client, 'open');
    for (const message of ['one', 'two', 'three'.repeat(30_000)]) {
      client.send(message);
      const [data] = await once(client, 'message');
      expect(String(data)).toBe(`echo ${message}`);
    }
    client.close(1000);
    const [code] = await once(client, 'close');
    expect(code).toBe(1000);
    await idle(balancer);
  });

  it('decides once for each connection and counts it until it closes', async () => {
    const { balancer } = await startAll({ count: 3, upgraded: echo });
    const clients = await Promise.all(Array.from({ length: 9 }, () => upgrade(balancer.port)));
    expect(balancer.stats().servers.map(({ connections }) => connections)).toEqual([3, 3, 3]);
    for (const client of clients.slice(3)) client.destroy();
    await eventually(() => expect(balancer.stats().connections).toBe(3));
    for (const client of clients) client.destroy();
    await idle(balancer);
  });

  it('cuts the clients of a server that is killed, and of no other', async () => {
    const { balancer, servers } = await startAll({ count: 2, upgraded: echo });
    const clients = await Promise.all(Array.from({ length: 6 }, () => upgrade(balancer.port)));
    const closed = vi.fn();
    for (const client of clients) client.resume().on('close', closed);
    await servers[0]!.kill();
    await eventually(() => expect(closed).toHaveBeenCalledTimes(3));
    await eventually(() => expect(balancer.stats().servers.map(({ connections }) => connections)).toEqual([0, 3]));
    const alive = clients.find((client) => !client.destroyed)!;
    alive.write('still here');
    expect(String((await once(alive, 'data'))[0])).toBe('still here');
    for (const client of clients) client.destroy();
  });

  it('finds out by itself that a server is dead, and that it is back', async () => {
    const { balancer, servers } = await startAll({ count: 2, probeMs: 300 });
    const [first, second] = servers as [Upstream, Upstream];
    await first.kill();
    await eventually(() => expect(balancer.stats().servers[0]!.healthy).toBe(false));
    for (let request = 0; request < 10; request++) expect(await serverOf(balancer)).toBe(second.id);
    expect(balancer.stats().servers[0]!.failedTotal).toBe(0);
    await first.revive();
    await eventually(() => expect(balancer.stats().servers[0]!.healthy).toBe(true));
    expect(new Set([await serverOf(balancer), await serverOf(balancer)]).size).toBe(2);
  });

  it('tries another server when one cannot be reached, and does not try that one again', async () => {
    const { balancer, servers } = await startAll({ count: 3, probeMs: 600_000 });
    await servers[1]!.kill();
    for (let request = 0; request < 12; request++) expect(await serverOf(balancer)).not.toBe('s2');
    expect(balancer.stats().servers.map(({ failedTotal }) => failedTotal)).toEqual([0, 1, 0]);
  });

  it('does not believe a server that has another name', async () => {
    const { balancer } = await startAll({ names: ['s1', 'stranger'], ids: ['s1', 's2'], probeMs: 300 });
    for (let request = 0; request < 4; request++) expect(await serverOf(balancer)).toBe('s1');
    expect(balancer.stats().servers.map(({ healthy }) => healthy)).toEqual([true, false]);
  });

  it('answers 503 with a reason while there is no server, and lives on', async () => {
    const { balancer, servers } = await startAll({ probeMs: 300 });
    await servers[0]!.kill();
    const answer = await fetch(`http://127.0.0.1:${balancer.port}/v1/users`, {
      method: 'POST',
      body: 'x'.repeat(100_000),
    });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ code: 'busy', definite: true, retryAfterMs: 1000 });
    expect((await fetch(`http://127.0.0.1:${balancer.port}/readyz`)).status).toBe(503);
    expect((await fetch(`http://127.0.0.1:${balancer.port}/healthz`)).status).toBe(200);
    await servers[0]!.revive();
    await eventually(async () => expect(await serverOf(balancer)).toBe('s1'));
  });

  it.each([
    ['garbage', '\x16\x03\x01\x02\x00', 400, 'malformed'],
    ['a head over the limit', `GET / HTTP/1.1\r\na: ${'b'.repeat(20_000)}`, 413, 'tooLarge'],
    ['a head that stops in the middle', 'GET / HT', 408, 'malformed'],
  ])('answers %s with an error of the protocol', async (_what, bytes, status, code) => {
    const { balancer, servers } = await startAll({ headMs: 40 });
    const client = await dial(balancer.port);
    client.write(Buffer.from(bytes, 'latin1'));
    const answer = await text(client);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ code, definite: true });
    expect(servers[0]!.requests).toEqual([]);
    expect(balancer.stats().refusedTotal).toBe(1);
  });

  it('hangs up on a client that says nothing', async () => {
    const { balancer } = await startAll({ headMs: 20 });
    const client = await dial(balancer.port);
    expect(await text(client)).toBe('');
  });

  it('puts a head together that comes byte by byte', async () => {
    const { balancer } = await startAll();
    const client = await dial(balancer.port);
    for (const character of 'POST /v1/users HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi')
      await new Promise((written) => client.write(character, written));
    expect(await text(client)).toMatch(/^HTTP\/1.1 200 OK[\s\S]*hi/);
  });

  it('still answers a client that has ended its half', async () => {
    const { balancer } = await startAll({
      upgraded: (socket) => {
        socket.resume().on('end', () => socket.end('y'.repeat(500_000)));
      },
    });
    const client = await upgrade(balancer.port);
    client.end('that was all');
    expect(await text(client)).toHaveLength(500_000);
    await idle(balancer);
  });

  it('reads no more from a server whose client does not read, and keeps what waits from being overwritten', async () => {
    const bytes = createSeededRandom(1).bytes(32 * 1024 * 1024);
    const { balancer } = await startAll({ count: 2, upgraded: (socket) => socket.end(bytes) });
    const client = await upgrade(balancer.port);
    let before = -1;
    const body = 'z'.repeat(200_000);
    for (let quiet = 0; quiet < 50; ) {
      await (await fetch(`http://127.0.0.1:${balancer.port}/v1/x`, { method: 'POST', body })).text();
      const { bytesFromServers } = balancer.stats();
      quiet = bytesFromServers - before < 2 * body.length ? quiet + 1 : 0;
      before = bytesFromServers;
    }
    // What lies in the buffers of the kernel is out of our hands; it is far from everything.
    expect(before).toBeLessThan(bytes.length / 2);
    expect((await buffer(client)).equals(bytes)).toBe(true);
  });

  it('shows its own state, not that of a server', async () => {
    const { balancer } = await startAll({ count: 2 });
    await serverOf(balancer);
    const stats = await fetch(`http://127.0.0.1:${balancer.port}/stats`);
    expect(await stats.json()).toMatchObject({
      strategy: 'round-robin',
      assignedTotal: 1,
      servers: [{ id: 's1' }, { id: 's2' }],
    });
    const metrics = await (await fetch(`http://127.0.0.1:${balancer.port}/metrics`)).text();
    expect(metrics).toContain('nawaab_balancer_assigned_total{server="s1"} 1');
    expect(metrics).toContain('nawaab_balancer_healthy{server="s2"} 1');
    expect(metrics).toMatch(/nawaab_balancer_from_clients_bytes_total [1-9]/);
  });

  it('leaves no socket open behind clients that left, however they left', async () => {
    const { balancer } = await startAll({ count: 2, upgraded: echo });
    const before = openSockets();
    const clients = await Promise.all(Array.from({ length: 40 }, () => upgrade(balancer.port)));
    expect(openSockets()).toBeGreaterThan(before + 100);
    for (const [index, client] of clients.entries()) {
      client.resume();
      if (index % 4 === 0) client.end();
      else if (index % 4 === 1) client.resetAndDestroy();
      else if (index % 4 === 2) client.destroy();
      else client.end('bye');
    }
    await idle(balancer);
    await eventually(() => expect(openSockets()).toBeLessThanOrEqual(before));
  });

  it('says in one sentence that the port is taken', async () => {
    const { balancer, servers } = await startAll();
    await expect(startBalancer({ ...optionsFor(servers), port: balancer.port })).rejects.toThrow(
      `Port ${balancer.port} on 127.0.0.1 is in use by another program: choose another port or stop that program.`,
    );
  });

  it('says in one sentence that a setting makes no sense', async () => {
    const started = startBalancer({ ...optionsFor([]), strategy: 'fastest' });
    await expect(started).rejects.toThrow(Problem);
    await expect(started).rejects.toThrow('The balancer was given no server; it needs at least one.');
  });

  it('stops within its bound, also when clients and servers hold on', async () => {
    const { balancer } = await startAll({ upgraded: echo, drainMs: 50 });
    const spliced = await upgrade(balancer.port);
    const waiting = await dial(balancer.port);
    for (const client of [spliced, waiting]) client.on('error', () => {}).resume();
    const closed = [once(spliced, 'close'), once(waiting, 'close')];
    await balancer.stop();
    await Promise.all(closed);
    await expect(fetch(`http://127.0.0.1:${balancer.port}/healthz`)).rejects.toThrow();
  });

  it('stops as soon as the last client has left', async () => {
    const { balancer } = await startAll({ upgraded: echo, drainMs: 600_000 });
    const client = await upgrade(balancer.port);
    const stopped = balancer.stop();
    client.destroy();
    await stopped;
  });
});

// ---

/** Looks again and again until it holds; the limit is for a machine that is very busy. */
function eventually(holds: () => unknown): Promise<unknown> {
  return vi.waitFor(holds, { interval: 2, timeout: 20_000 });
}

interface Setup extends UpstreamOptions {
  readonly count?: number;
  /** What the servers call themselves, and what the balancer calls them. */
  readonly names?: readonly string[];
  readonly ids?: readonly string[];
  readonly probeMs?: number;
  readonly headMs?: number;
  readonly drainMs?: number;
}

async function startAll({ count = 1, names, ids, upgraded, rawUpgrade, ...settings }: Setup = {}) {
  const all = names ?? Array.from({ length: count }, (_, index) => `s${index + 1}`);
  const hooks = { ...(upgraded && { upgraded }), ...(rawUpgrade && { rawUpgrade }) };
  const servers = await Promise.all(all.map((name) => startUpstream(name, hooks)));
  undo.push(() => Promise.all(servers.map((server) => server.kill())));
  const addresses = servers.map((server, index) => ({ ...server, id: (ids?.[index] ?? server.id) as Upstream['id'] }));
  const balancer = await startBalancer({ ...optionsFor(addresses), ...settings });
  undo.push(() => balancer.stop());
  const usable = addresses.filter(({ id }, index) => id === all[index]).length;
  await eventually(() => expect(balancer.stats().servers.filter(({ healthy }) => healthy)).toHaveLength(usable));
  return { balancer, servers };
}

function optionsFor(servers: NodeBalancerOptions['servers']): NodeBalancerOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    servers,
    strategy: 'round-robin',
    seed: 1,
    drainMs: 100,
    clock: createSystemClock(),
    log: { write: () => {} },
  };
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  undo.push(async () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** A connection behind the 101 answer. */
async function upgrade(port: number): Promise<Socket> {
  const socket = await dial(port);
  socket.write('GET /v1/socket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
  expect(await headOf(socket)).toMatch(/^HTTP\/1.1 101 /);
  return socket;
}

const echo: NonNullable<UpstreamOptions['upgraded']> = (socket) => socket.pipe(socket);

async function serverOf(balancer: NodeBalancer): Promise<string | null> {
  const answer = await fetch(`http://127.0.0.1:${balancer.port}/v1/x`, { headers: { connection: 'close' } });
  await answer.text();
  return answer.headers.get('x-server');
}

function idle(balancer: NodeBalancer): Promise<unknown> {
  return eventually(() => expect(balancer.stats().connections).toBe(0));
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
