import { createLeastInTurn } from '../least.ts';
import type { StrategyEntry } from '../strategy.ts';

/**
 * argmin of connections / weight, ties in turn. No parameters. Connections are those through this balancer, those being
 * opened included. Source: HAProxy `leastconn`, nginx `least_conn`.
 */
export const leastConnections: StrategyEntry = {
  rule: 'The server with the fewest connections for its weight.',
  advice:
    'Good for long connections of similar load. Gives a new server all new connections until it has caught up, and counts a busy connection like an idle one.',
  weighted: true,
  create: () => {
    const least = createLeastInTurn();
    return { pick: (candidates) => least(candidates, (server) => server.connections / server.weight)?.id ?? null };
  },
};
