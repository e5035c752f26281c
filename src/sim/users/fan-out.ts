import type { Members } from './members.ts';
import type { Reach } from './news.ts';
import type { MembershipChange } from './observer.ts';
import type { LatencySink } from './record.ts';

/** Finds out when a message has reached its last member, also where members are in several crowds. */
export interface FanOut {
  /** One member has it, `latencyMs` after it was to be sent at `atMs - latencyMs`; null when that says nothing. */
  delivered(
    message: { conversation: number; seq: number },
    atMs: number,
    latencyMs: number | null,
    server: string,
  ): void;
  /** More members, in another crowd. */
  reached(reach: Reach): void;
  /** Fewer may be waited for than was thought. */
  changed(change: MembershipChange): void;
  /** What other crowds wait for, since the last call. */
  takeReaches(): Reach[];
}

export interface FanOutOrder {
  readonly kind: 'direct' | 'group';
  readonly members: Members;
  /** Is it this crowd that waits for the last member of the conversation? One crowd of a run does. */
  readonly isHome: (conversation: number) => boolean;
  readonly sink: LatencySink;
}

export function createFanOut({ kind, members, isHome, sink }: FanOutOrder): FanOut {
  /** By conversation and place; here what is waited for, there what others wait for. */
  const here = new Map<number, Map<number, Reach>>();
  const elsewhere = new Map<number, Map<number, Reach>>();

  function note(reach: Reach): void {
    const { conversation } = reach;
    if (!isHome(conversation)) {
      add(elsewhere, reach);
      return;
    }
    const sum = add(here, reach);
    if (hasAll(sum)) finish(sum);
  }

  function hasAll({ conversation, seq, members: reached }: Reach): boolean {
    return reached >= Math.max(1, members.othersAt(conversation, seq));
  }

  function finish({ conversation, seq, intendedMs, latencyMs, server }: Reach): void {
    here.get(conversation)?.delete(seq);
    if (latencyMs !== null) sink.record({ operation: 'fanOut', intendedMs, latencyMs, server });
  }

  return {
    delivered({ conversation, seq }, atMs, latencyMs, server) {
      const reach = { conversation, seq, members: 1, intendedMs: atMs - (latencyMs ?? 0), latencyMs, server };
      // The one other member of a direct conversation is the last, and nobody needs to wait.
      if (kind === 'direct') finish(reach);
      else note(reach);
    },
    reached: (reach) => void (isHome(reach.conversation) && note(reach)),
    changed({ conversation, seq, comes }) {
      if (comes) return;
      for (const reach of here.get(conversation)?.values() ?? []) {
        if (reach.seq > seq && hasAll(reach)) finish(reach);
      }
    },
    takeReaches() {
      const reaches = [...elsewhere.values()].flatMap((bySeq) => [...bySeq.values()]);
      elsewhere.clear();
      return reaches;
    },
  };
}

// ---

/** Adds to what is known of the message; answers the sum. */
function add(reaches: Map<number, Map<number, Reach>>, reach: Reach): Reach {
  let bySeq = reaches.get(reach.conversation);
  if (!bySeq) {
    bySeq = new Map();
    reaches.set(reach.conversation, bySeq);
  }
  const known = bySeq.get(reach.seq);
  const sum = known ? later(known, reach) : reach;
  bySeq.set(reach.seq, sum);
  return sum;
}

function later(a: Reach, b: Reach): Reach {
  const last = (a.latencyMs ?? 0) > (b.latencyMs ?? 0) ? a : b;
  const latencyMs = a.latencyMs === null || b.latencyMs === null ? null : last.latencyMs;
  return { ...last, members: a.members + b.members, latencyMs };
}
