import type { Clock } from '../../system/index.ts';
import type { Load } from '../engine/load.ts';
import { type Crowd, type CrowdTotals, owed } from './crowd-contract.ts';
import { waitUntil } from './schedule.ts';

/** All crowds of a run as one. They do the same at the same time; what is owed is counted over all of them. */
export function createLoad(order: {
  readonly crowds: readonly Crowd[];
  readonly clock: Clock;
  readonly users: number;
}): Load {
  const { crowds, clock, users } = order;
  const all = async (work: (crowd: Crowd) => Promise<void>): Promise<void> => {
    await Promise.all(crowds.map(work));
  };
  /** How long it may take until all crowds have heard of what one of them has. */
  const newsMs = crowds.length > 1 ? newsMsMax : 0;
  const totals = (): CrowdTotals => sumOf(crowds.map((crowd) => crowd.totals()));
  return {
    signUp: () => all((crowd) => crowd.signUp()),
    connect: () => {
      const startMs = clock.now();
      return all((crowd) => crowd.connect(startMs));
    },
    openConversations: () => all((crowd) => crowd.openConversations()),
    send: (startMs) => all((crowd) => crowd.send(startMs)),
    async drain(boundMs) {
      await all((crowd) => crowd.comeBack());
      let owedAtMs = clock.now();
      return waitUntil(clock, boundMs, () => {
        const isOwed = owed(totals(), users) > 0;
        if (isOwed) owedAtMs = clock.now();
        return !isOwed && clock.now() - owedAtMs >= newsMs;
      });
    },
    totals: () => {
      const { connected, offered, accepted, delivered, refused, disconnects, deliveryP99Ms } = totals();
      return { connected, offered, accepted, delivered, errors: refused + disconnects, p99Ms: deliveryP99Ms };
    },
    stop: () => stopAll(crowds),
  };
}

// ---

const newsMsMax = 250;

/** Every crowd is stopped, also when one of them fails at it; then that is told. */
async function stopAll(crowds: readonly Crowd[]): Promise<void> {
  const results = await Promise.allSettled(crowds.map((crowd) => crowd.stop()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function sumOf(parts: readonly CrowdTotals[]): CrowdTotals {
  const sum = (read: (totals: CrowdTotals) => number) => parts.reduce((total, part) => total + read(part), 0);
  const worst = Math.max(...parts.map((part) => part.deliveryP99Ms ?? -1));
  return {
    connected: sum((part) => part.connected),
    offered: sum((part) => part.offered),
    accepted: sum((part) => part.accepted),
    refused: sum((part) => part.refused),
    withheld: sum((part) => part.withheld),
    expected: sum((part) => part.expected),
    delivered: sum((part) => part.delivered),
    expired: sum((part) => part.expired),
    disconnects: sum((part) => part.disconnects),
    unseen: sum((part) => part.unseen),
    transfers: sum((part) => part.transfers),
    deliveryP99Ms: worst < 0 ? null : worst,
  };
}
