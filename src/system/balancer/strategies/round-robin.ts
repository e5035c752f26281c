import type { ServerId } from '../../protocol/ids.ts';
import type { ServerView, StrategyEntry } from '../strategy.ts';

/**
 * Weighted round robin by earliest deadline first: the server with the earliest deadline is taken, then its deadline
 * moves on by 1 / weight. With equal weights that is plain turns; with others the turns interleave smoothly instead of
 * coming in bursts. No parameters. Source: Envoy's and gRPC's EDF scheduler.
 *
 * Time is the deadline that was served last. A new server starts one turn (1 / weight) after it, and one that was away
 * does not make up for the turns that it missed.
 */
export const roundRobin: StrategyEntry = {
  rule: 'In turn; a server of weight w gets w turns for every turn of a server of weight 1.',
  advice:
    'Exactly even counts for equal servers and equal connections. Blind: it overloads a slow server, and never heals the skew after new servers joined.',
  weighted: true,
  create: () => {
    const deadlines = new Map<ServerId, number>();
    let time = 0;
    const deadlineOf = ({ id, weight }: ServerView) => Math.max(deadlines.get(id) ?? time + 1 / weight, time);

    return {
      pick(candidates) {
        const due = candidates.map((server) => ({ server, deadline: deadlineOf(server) }));
        for (const { server, deadline } of due) deadlines.set(server.id, deadline);
        const first = due.reduce<(typeof due)[number] | null>(
          (best, next) => (best === null || next.deadline < best.deadline ? next : best),
          null,
        );
        if (first === null) return null;
        time = first.deadline;
        deadlines.set(first.server.id, first.deadline + 1 / first.server.weight);
        return first.server.id;
      },
    };
  },
};
