import type { Cancel, Ms } from '../../ports.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { backoffMs } from '../backoff.ts';
import type { Core } from './core.ts';

/**
 * Changes of keys that nobody asked for: before an operation that needs them, and in the background where the sealing finds
 * that they are due. Few at a time, and in one conversation less and less often, whether they succeed or not: so devices
 * that cannot agree with each other, by a defect or somebody's will, do not go on for ever.
 */
export interface Rekeying {
  /** The sealing wants one. */
  want(conversation: ConversationId): void;
  /** An operation needs one before it. */
  add(conversation: ConversationId): void;
  /** Begins what is wanted, if one is online. */
  fill(): void;
  ended(conversation: ConversationId): void;
  /** The messenger goes offline: no timer keeps it. */
  rest(): void;
}

/** Changes of keys in the background that are under way at the same time. */
const atOnceMax = 8;
/** So many in a row go on at once; before the next comes a pause, which gets longer. */
const inRowMax = 3;
const pauseBaseMs = 1000;
const pauseMaxMs = 600_000;
/** After so long without one, the next is the first again. */
const calmMs = 1_200_000;

interface Past {
  readonly count: number;
  readonly at: Ms;
  /** Null while there is no pause. */
  readonly pause: { cancel: Cancel | null };
}

export function createRekeying(
  { world, queue }: Pick<Core, 'world' | 'queue'>,
  { isOnline, pump }: { isOnline(): boolean; pump(): void },
): Rekeying {
  const { clock, random } = world;
  const wanted = new Set<ConversationId>();
  /** The last ones by conversation. */
  const past = new Map<ConversationId, Past>();

  return {
    want(conversation) {
      wanted.add(conversation);
      fill();
    },
    add,
    fill,
    ended,
    rest() {
      for (const { pause } of past.values()) {
        pause.cancel?.();
        pause.cancel = null;
      }
    },
  };

  function ended(conversation: ConversationId): void {
    const before = past.get(conversation);
    before?.pause.cancel?.();
    const now = clock.now();
    const count = before && now - before.at < calmMs ? before.count + 1 : 1;
    const pause: Past['pause'] = { cancel: null };
    past.set(conversation, { count, at: now, pause });
    if (count < inRowMax) return;
    const delayMs = backoffMs({ failures: count - inRowMax, baseMs: pauseBaseMs, maxMs: pauseMaxMs, random });
    pause.cancel = clock.after(pauseBaseMs + delayMs, () => {
      pause.cancel = null;
      fill();
    });
  }

  function fill(): void {
    if (!isOnline()) return;
    for (const conversation of wanted) {
      if (queue.rekeys.size >= atOnceMax) return;
      if (past.get(conversation)?.pause.cancel) continue;
      wanted.delete(conversation);
      add(conversation);
    }
  }

  function add(conversation: ConversationId): void {
    const isThere = [...queue.rekeys].some((one) => one.conversation === conversation);
    // Not kept: until it is sealed, nothing is lost if it is forgotten.
    if (!isThere) queue.add({ op: 'rekey', conversation, at: clock.wall() }).stage = 'queued';
    pump();
  }
}
