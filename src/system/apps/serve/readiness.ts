import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BalancerProcessStats } from '../../adapters/balancer-metrics.ts';
import { createWsTransport } from '../../adapters/ws-transport.ts';
import type { Ms, Transport } from '../../ports.ts';
import { Problem } from '../../problem.ts';

/**
 * Waits until a balancer has found every server healthy: a listening balancer knows nothing of its servers yet and refuses
 * its first connections. Rejects with a `Problem` that names what it did not find, and with the signal's reason when that
 * comes first.
 */
export async function serversFound(balancer: Balancer, signal?: AbortSignal): Promise<void> {
  // A kept connection may lead to a server, which would answer instead.
  const transport = createWsTransport({ origin: balancer.origin, requestMs, agent: new Agent() });
  const deadlineMs = performance.now() + foundMs;
  for (;;) {
    const missing = await missingServers(transport);
    signal?.throwIfAborted();
    if (missing?.length === 0) return;
    if (performance.now() > deadlineMs) {
      const within = `within ${foundMs / 1000} s: the machine may be too busy, or see the logs`;
      if (missing === null) throw new Problem(`${balancer.name} did not answer at ${balancer.origin} ${within}.`);
      throw new Problem(`${balancer.name} did not find ${missing.join(', ')} healthy ${within}.`);
    }
    await sleep(pauseMs);
  }
}

// ---

interface Balancer {
  readonly name: string;
  readonly origin: string;
}

const foundMs: Ms = 15_000;
const requestMs: Ms = 1000;
const pauseMs: Ms = 20;

/** Null when the balancer did not answer: on a busy machine it may take its time. */
async function missingServers(transport: Transport): Promise<readonly string[] | null> {
  const answer = await transport.request({ method: 'GET', path: '/stats', body: '' }).catch(() => null);
  if (answer?.status !== 200) return null;
  const { servers } = JSON.parse(answer.body) as BalancerProcessStats;
  return servers.filter(({ healthy }) => !healthy).map(({ id }) => id);
}
