import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createSystemClock, startBalancer } from '../../../src/system/node.ts';
import type { Random } from '../../../src/system/ports.ts';
import { createSeededRandom } from '../../../src/system/seeded-random.ts';
import { headOf, startUpstream } from '../../helpers/upstream.ts';

describe('the splice', () => {
  it('moves every byte of every connection both ways, whatever the chunks and however slow the readers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(plan, { minLength: 50, maxLength: 50 }), async (seed, plans) => {
        const random = createSeededRandom(seed);
        const results = await exchange(plans, random);
        expect(results).toHaveLength(plans.length);
        for (const { sent, received } of results) expect(received).toEqual(sent);
      }),
      { numRuns: 3 },
    );
  });
});

// ---

/** What one connection sends up and down, in chunks of at most `chunkMax`, and who of the two reads slowly. */
interface Plan {
  readonly upBytes: number;
  readonly downBytes: number;
  readonly chunkMax: number;
  readonly slow: 'client' | 'server' | 'both' | 'nobody';
}

const plan: fc.Arbitrary<Plan> = fc.record({
  upBytes: fc.oneof(fc.nat({ max: 2000 }), fc.nat({ max: 1_000_000 })),
  downBytes: fc.oneof(fc.nat({ max: 2000 }), fc.nat({ max: 1_000_000 })),
  chunkMax: fc.constantFrom(1000, 20_000, 200_000),
  slow: fc.constantFrom('client' as const, 'server' as const, 'both' as const, 'nobody' as const),
});

interface Result {
  readonly sent: readonly string[];
  readonly received: readonly string[];
}

async function exchange(plans: readonly Plan[], random: Random): Promise<readonly Result[]> {
  // The server side learns from the path which connection it has.
  const serverSides = new Map<string, Promise<[string, string]>>();
  const upstream = await startUpstream('s1', {
    rawUpgrade: (request, socket) => {
      const index = Number(request.url!.slice(1));
      const { downBytes, chunkMax, slow } = plans[index]!;
      const end = socket as Socket;
      end.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      const stream = random.fork(`down ${index}`);
      const both = Promise.all([
        send(end, downBytes, chunkMax, stream),
        receive(end, slow === 'server' || slow === 'both'),
      ]);
      serverSides.set(request.url!, both);
    },
  });
  const balancer = await startBalancer({
    host: '127.0.0.1',
    port: 0,
    servers: [upstream],
    strategy: 'random',
    clock: createSystemClock(),
    log: { write: () => {} },
  });
  try {
    await vi.waitFor(() => expect(balancer.stats().servers[0]!.healthy).toBe(true), { interval: 2, timeout: 20_000 });
    return await Promise.all(
      plans.map(async ({ upBytes, chunkMax, slow }, index) => {
        const client = connect({ port: balancer.port, host: '127.0.0.1', allowHalfOpen: true });
        client.write(`GET /${index} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: raw\r\n\r\n`);
        await headOf(client);
        const up = send(client, upBytes, chunkMax, random.fork(`up ${index}`));
        const down = await receive(client, slow === 'client' || slow === 'both');
        const [sentDown, receivedUp] = await serverSides.get(`/${index}`)!;
        return { sent: [await up, sentDown], received: [receivedUp, down] };
      }),
    );
  } finally {
    await balancer.stop();
    await upstream.kill();
  }
}

/** Sends random bytes in random chunks, then ends this half; answers their hash. */
async function send(socket: Socket, bytes: number, chunkMax: number, random: Random): Promise<string> {
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; ) {
    const chunk = random.bytes(Math.min(left, 1 + Math.floor(random.next() * chunkMax)));
    left -= chunk.length;
    hash.update(chunk);
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  return digest(hash, bytes);
}

/** Reads to the end; a slow reader takes small bites and lets many turns of the event loop pass after each. */
async function receive(socket: Socket, slow: boolean): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  const iterator = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of iterator) {
    bytes += chunk.length;
    hash.update(chunk);
    for (let turn = 0; slow && turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  return digest(hash, bytes);
}

function digest(hash: Hash, bytes: number): string {
  return `${bytes} bytes ${hash.digest('hex')}`;
}
