import type { ServerStats } from '../../protocol/http.ts';
import type { ServerId } from '../../protocol/ids.ts';
import { createLeastInTurn } from '../least.ts';
import type { StrategyEntry } from '../strategy.ts';

/**
 * argmin of the CPU used between the last two probes; ties in turn:
 * (cpuMicros now - cpuMicros before) / (1000 * (uptimeMs now - uptimeMs before)), both as the server itself counts
 * them, so that neither the network nor others who read `/stats` change it. Until a second probe has answered it is
 * `stats.cpuFraction`. Parameter: the balancer's `probeMs` (1000). A server without a reading is taken only when nobody
 * has one.
 *
 * Faithful to what people configure: between two probes every decision goes to the server that was idlest at the last
 * one, so it herds. `weighted: false`, for CPU use is relative to the machine already.
 */
export const cpu: StrategyEntry = {
  rule: 'The server that used the least CPU between the last two probes.',
  advice:
    'Herds: every arrival of a probe period goes to one server. Tolerable for few, long connections and short periods; the worst choice for many short ones.',
  weighted: false,
  create: () => {
    const least = createLeastInTurn();
    const probed = new Map<ServerId, { readonly stats: ServerStats; readonly cpuFraction: number }>();

    return {
      pick: (candidates) =>
        least(
          candidates,
          ({ id, stats }) => probed.get(id)?.cpuFraction ?? stats?.cpuFraction ?? Number.POSITIVE_INFINITY,
        )?.id ?? null,
      observe(event) {
        if (event.kind !== 'probed') return;
        const before = probed.get(event.server)?.stats;
        probed.set(event.server, { stats: event.stats, cpuFraction: cpuBetween(before, event.stats) });
      },
    };
  },
};

// ---

/** A clock or counter that did not move on is that of a server started anew: its own reading must do. */
function cpuBetween(before: ServerStats | undefined, now: ServerStats): number {
  if (before === undefined || now.uptimeMs <= before.uptimeMs || now.cpuMicros < before.cpuMicros)
    return now.cpuFraction;
  return (now.cpuMicros - before.cpuMicros) / (1000 * (now.uptimeMs - before.uptimeMs));
}
