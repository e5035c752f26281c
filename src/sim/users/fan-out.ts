import type { Beliefs } from './beliefs.ts';
import type { LatencySink } from './record.ts';
import type { Trace } from './trace.ts';

/** Finds out when a message has reached its last member. */
export interface FanOut {
  /** One member has it, `latencyMs` after it was to be sent at `atMs - latencyMs`; null when that says nothing. */
  delivered(
    message: { conversation: number; seq: number },
    atMs: number,
    latencyMs: number | null,
    server: string,
  ): void;
}

/** Conversations with members in other crowds are left out: nobody here would know the last one. */
export function createFanOut(
  trace: Trace,
  beliefs: Beliefs,
  isMine: (user: number) => boolean,
  sink: LatencySink,
): FanOut {
  const { memberFrom, members, count } = trace.conversations;
  const isWhole = Uint8Array.from({ length: count }, (_, conversation) =>
    members.subarray(memberFrom[conversation], memberFrom[conversation + 1]).every(isMine) ? 1 : 0,
  );
  const reached = new Map<string, { members: number; isMeasurable: boolean }>();

  return {
    delivered({ conversation, seq }, atMs, latencyMs, server) {
      const index = beliefs.indexOf(conversation);
      if (index === -1 || isWhole[index] === 0) return;
      const others = beliefs.othersIn(conversation);
      const isLast = others === 1 || reachedLast(`${conversation}/${seq}`, others, latencyMs !== null);
      if (isLast && latencyMs !== null) {
        sink.record({ operation: 'fanOut', intendedMs: atMs - latencyMs, latencyMs, server });
      }
    },
  };

  /** Counts one more member; true when it was the last one and all could be measured. */
  function reachedLast(key: string, others: number, isMeasurable: boolean): boolean {
    const progress = reached.get(key) ?? { members: 0, isMeasurable: true };
    progress.members++;
    if (!isMeasurable) progress.isMeasurable = false;
    if (progress.members < others) {
      reached.set(key, progress);
      return false;
    }
    reached.delete(key);
    return progress.isMeasurable;
  }
}
