/** What a client learns of the balancer, over real sockets, of which some lead to a server already. */
import { afterEach, expect, it } from 'vitest';
import { startBalancer } from '../../../src/system/adapters/balancer-node.ts';
import { createBrowserTransport } from '../../../src/system/adapters/browser-transport.ts';
import { createSystemClock } from '../../../src/system/adapters/system-clock.ts';
import { createWsTransport } from '../../../src/system/adapters/ws-transport.ts';
import { askBalancer } from '../../../src/system/client/balancer-view.ts';
import type { Transport } from '../../../src/system/ports.ts';
import type { ServerId } from '../../../src/system/protocol/ids.ts';
import { stubBrowserFetch } from '../../helpers/browser-fetch.ts';
import { silentLog } from '../../helpers/postgres.ts';
import { startRealServer } from '../../helpers/real-server.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startBoth(): Promise<{ readonly balancer: string; readonly server: string }> {
  const server = await startRealServer();
  cleanups.push(server.stop);
  const { port } = new URL(server.origin);
  const balancer = await startBalancer({
    host: '127.0.0.1',
    port: 0,
    strategy: 'two-choices',
    servers: [
      { id: 's1' as ServerId, host: '127.0.0.1', port: Number(port) },
      { id: 's2' as ServerId, host: '127.0.0.1', port: 1, weight: 2 },
    ],
    drainMs: 50,
    log: silentLog,
    clock: createSystemClock(),
  });
  cleanups.push(() => balancer.stop());
  await expect.poll(() => balancer.stats().servers[0]!.healthy).toBe(true);
  return { balancer: `http://127.0.0.1:${balancer.port}`, server: server.origin };
}

/** As many connections as requests at once, all kept. */
async function keepConnections(transport: Transport): Promise<void> {
  const request = { method: 'GET', path: '/v1/users/ada', body: '' } as const;
  await Promise.all(Array.from({ length: 5 }, () => transport.request(request)));
}

stubBrowserFetch();

it.each([
  ['on Node', createWsTransport],
  ['in a browser', createBrowserTransport],
])('says how connections are spread, and nothing else, whatever connections are kept (%s)', async (_, create) => {
  const { balancer } = await startBoth();
  const transport = create({ origin: balancer });
  for (let round = 0; round < 2; round++) {
    await keepConnections(transport);
    expect(await askBalancer(transport)).toEqual({
      kind: 'ok',
      value: {
        strategy: 'two-choices',
        mode: 'connection',
        connections: expect.any(Number),
        candidates: 1,
        servers: [
          {
            id: 's1',
            healthy: true,
            weight: 1,
            connections: expect.any(Number),
            stats: { sessions: 0, cpuFraction: expect.any(Number), rssBytes: expect.any(Number), draining: false },
          },
          { id: 's2', healthy: false, weight: 2, connections: 0, stats: null },
        ],
      },
    });
  }
});

it('says so where there is no balancer', async () => {
  const { server } = await startBoth();
  const transport = createWsTransport({ origin: server });
  await keepConnections(transport);
  expect(await askBalancer(transport)).toEqual({
    kind: 'unknown',
    definite: false,
    reason: 'There is no balancer before the servers.',
  });
});
