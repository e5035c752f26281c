import { createLeastInTurn } from '../least.ts';
import type { StrategyEntry } from '../strategy.ts';

/**
 * argmin of `stats.rssBytes` as of the last probe; ties in turn. Parameter: the balancer's `probeMs` (1000), the age
 * that the reading may reach. A server without a reading is taken only when nobody has one.
 *
 * Faithful to what people configure: between two probes every decision goes to the same server, and resident memory
 * hardly falls when connections leave.
 */
export const memory: StrategyEntry = {
  rule: 'The server with the least resident memory at the last probe.',
  advice:
    'Seldom a good idea: memory follows load late or not at all, and all arrivals between two probes go to one server (it herds). Kept because people reach for it.',
  weighted: false,
  create: () => {
    const least = createLeastInTurn();
    return {
      pick: (candidates) => least(candidates, ({ stats }) => stats?.rssBytes ?? Number.POSITIVE_INFINITY)?.id ?? null,
    };
  },
};
