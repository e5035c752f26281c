import type { BalancerView } from '../protocol/balancer-view.ts';
import type { BalancerStats } from './contract.ts';

/** The part of a balancer's knowledge that anybody may see. Reading it changes nothing, so it may be asked for often. */
export function viewOf({ strategy, connections, servers }: BalancerStats): BalancerView {
  return {
    strategy,
    mode: 'connection',
    connections,
    candidates: servers.filter(({ healthy, stats }) => healthy && stats?.draining === false).length,
    servers: servers.map(({ id, healthy, weight, connections, stats }) => ({
      id,
      healthy,
      weight,
      connections,
      stats: stats && {
        sessions: stats.sessions,
        cpuFraction: stats.cpuFraction,
        rssBytes: stats.rssBytes,
        draining: stats.draining,
      },
    })),
  };
}
