import type { ServerId } from '../protocol/ids.ts';
import type { ServerView } from './strategy.ts';

/** Answers the candidate of least cost; null when there are none. */
export type LeastInTurn = (
  candidates: readonly ServerView[],
  cost: (server: ServerView) => number,
) => ServerView | null;

/**
 * An argmin that breaks ties in turn: among the cheapest, the one that was taken longest ago, or never. Taking the
 * first of the list instead would send every tie to the same server.
 */
export function createLeastInTurn(): LeastInTurn {
  const takenAt = new Map<ServerId, number>();
  let turn = 0;

  return (candidates, cost) => {
    let best: { readonly server: ServerView; readonly cost: number; readonly takenAt: number } | null = null;
    for (const server of candidates) {
      const rival = { server, cost: cost(server), takenAt: takenAt.get(server.id) ?? 0 };
      if (best === null || rival.cost < best.cost || (rival.cost === best.cost && rival.takenAt < best.takenAt))
        best = rival;
    }
    if (best === null) return null;
    takenAt.set(best.server.id, ++turn);
    return best.server;
  };
}
