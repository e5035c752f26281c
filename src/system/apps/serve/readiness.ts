import { setTimeout as sleep } from 'node:timers/promises';
import type { BalancerProcessStats } from '../../adapters/balancer-metrics.ts';
import { Problem } from '../../problem.ts';
import { createWsTransport } from '../../adapters/ws-transport.ts';
import type { Ms } from '../../ports.ts';

/**
 * Waits until a balancer has found every server healthy: a listening balancer knows nothing of its servers yet and refuses
 * its first connections. Rejects with a `Problem` that names the servers it did not find.
 */
export async function serversFound(balancer: { readonly name: string; readonly origin: string }): Promise<void> {
  const transport = createWsTransport({ origin: balancer.origin, requestMs: 1000 });
  const deadlineMs = performance.now() + foundMs;
  for (;;) {
    const { body } = await transport.request({ method: 'GET', path: '/stats', body: '' });
    const { servers } = JSON.parse(body) as BalancerProcessStats;
    const missing = servers.filter(({ healthy }) => !healthy).map(({ id }) => id);
    if (missing.length === 0) return;
    if (performance.now() > deadlineMs) {
      throw new Problem(`${balancer.name} did not find ${missing.join(', ')} healthy within ${foundMs / 1000} s.`);
    }
    await sleep(pauseMs);
  }
}

// ---

const foundMs: Ms = 15_000;
const pauseMs: Ms = 20;
