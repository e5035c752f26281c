import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createAutocannonLoad } from '../../../src/sim/http/autocannon-load.ts';
import { dueMs, type Exchange, type HttpLoad, type HttpWaves } from '../../../src/sim/http/http-load.ts';
import { createInlineLoad } from '../../../src/sim/http/inline-load.ts';
import { createSystemClock, createWsTransport } from '../../../src/system/node.ts';

const clock = createSystemClock();
let server: Server;
let bodies: string[];

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Answers request number `n` with a status, once that is known; null: never. */
async function startServer(statusOf: (n: number) => Promise<number> | number | null): Promise<string> {
  bodies = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', async () => {
      bodies.push(body);
      const status = await statusOf(Number(body));
      if (status === null) return;
      response.writeHead(status, status === 503 ? { 'Retry-After': '1' } : {}).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function wavesOf(perSec: number, seconds: number, answered: (exchange: Exchange) => void): HttpWaves {
  return {
    perSec,
    seconds,
    requestOf: (index) => ({ method: 'POST', path: '/v1/sessions', body: String(index) }),
    answered,
  };
}

const loads: readonly (readonly [string, (origin: string) => HttpLoad])[] = [
  ['autocannon', (origin) => createAutocannonLoad(clock, [origin])],
  ['this thread', (origin) => createInlineLoad(clock, () => createWsTransport({ origin }))],
];

describe.each(loads)('waves of requests sent by %s', (_, loadOf) => {
  it('come once each, never early, and wait for no answer to an earlier wave', async () => {
    const second = Promise.withResolvers<number>();
    const origin = await startServer((n) => {
      if (n === 7) second.resolve(200);
      return second.promise;
    });
    const exchanges: Exchange[] = [];
    const waves = wavesOf(4, 2, (exchange) => exchanges.push(exchange));
    const startMs = clock.now();
    await loadOf(origin).start(waves).done;
    expect(bodies.map(Number).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(exchanges).toHaveLength(8);
    for (const { index, sentMs, answeredMs } of exchanges) {
      expect(sentMs).toBeGreaterThanOrEqual(startMs + dueMs(waves, index));
      expect(answeredMs).toBeGreaterThanOrEqual(startMs + 1000);
    }
  });

  it('tell each status, and whether it said when to come again', async () => {
    const origin = await startServer((n) => [200, 503, 429][n]!);
    const exchanges: Exchange[] = [];
    await loadOf(origin).start(wavesOf(3, 1, (exchange) => exchanges.push(exchange))).done;
    const told = exchanges.toSorted((a, b) => a.index - b.index).map(({ status, retryAfter }) => [status, retryAfter]);
    expect(told).toEqual([
      [200, false],
      [503, true],
      [429, false],
    ]);
  });

  it('can be stopped while answers are missing', async () => {
    const origin = await startServer((n) => (n === 0 ? 200 : null));
    const exchanges: Exchange[] = [];
    const first = Promise.withResolvers<void>();
    const running = loadOf(origin).start(
      wavesOf(2, 30, (exchange) => {
        exchanges.push(exchange);
        first.resolve();
      }),
    );
    await first.promise;
    await running.stop();
    await running.done;
    expect(exchanges.map(({ index }) => index)).toEqual([0]);
    expect(bodies.length).toBeLessThanOrEqual(2);
  });
});
