import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../../src/system/adapters/listen.ts';
import { createWsTransport } from '../../../src/system/adapters/ws-transport.ts';
import { serversFound } from '../../../src/system/apps/serve/readiness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A balancer whose answers are given one after the other; the last one is given for ever. */
async function balancerAnswering(...answers: readonly RequestListener[]) {
  let asked = 0;
  const server = createServer((request, response) => {
    answers[Math.min(asked++, answers.length - 1)]!(request, response);
  });
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  cleanups.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return { name: 'b1', origin: `http://127.0.0.1:${port}`, asked: () => asked };
}

const cut: RequestListener = (request) => request.socket.destroy();
const found =
  (healthy: boolean): RequestListener =>
  (_, response) =>
    response.end(JSON.stringify({ servers: [{ id: 's1', healthy }] }));

describe('readiness', () => {
  it('is not given up because a busy balancer did not answer', async () => {
    const balancer = await balancerAnswering(cut, found(false), cut, found(true));
    await serversFound(balancer);
    expect(balancer.asked()).toBe(4);
  });

  it('is asked of the balancer, though a kept connection leads to a server', async () => {
    const led = new Set<unknown>();
    const balancer = await balancerAnswering((request, response) => {
      if (request.url !== '/stats') led.add(request.socket);
      if (led.has(request.socket)) response.end('{"server":"s1"}');
      else found(true)(request, response);
    });
    await createWsTransport(balancer).request({ method: 'GET', path: '/v1/users/ada', body: '' });
    await serversFound(balancer);
    expect(balancer.asked()).toBe(2);
  });

  it('is no longer waited for when the start is given up', async () => {
    const giveUp = new AbortController();
    const balancer = await balancerAnswering(found(false), (_, response) => {
      giveUp.abort(new Error('given up'));
      response.destroy();
    });
    await expect(serversFound(balancer, giveUp.signal)).rejects.toThrow('given up');
  });
});
