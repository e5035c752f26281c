import type { Cancel } from '../../ports.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { backoffMs } from '../backoff.ts';
import type { Core } from './core.ts';

/**
 * Changes of keys that nobody asked for: before an operation that needs them, and in the background where the sealing finds
 * that they are due. Few at a time; where one failed, the next waits longer and longer.
 */
export interface Rekeying {
  /** The sealing wants one. */
  want(conversation: ConversationId): void;
  /** An operation needs one before it. */
  add(conversation: ConversationId): void;
  /** Begins what is wanted, if one is online. */
  fill(): void;
  succeeded(conversation: ConversationId): void;
  failed(conversation: ConversationId): void;
}

/** Changes of keys in the background that are under way at the same time. */
const atOnceMax = 8;
const pauseBaseMs = 1000;
const pauseMaxMs = 600_000;

interface Pause {
  readonly failures: number;
  /** Null when it is over. */
  cancel: Cancel | null;
}

export function createRekeying(
  { world, queue }: Pick<Core, 'world' | 'queue'>,
  { isOnline, pump }: { isOnline(): boolean; pump(): void },
): Rekeying {
  const { clock, random } = world;
  const wanted = new Set<ConversationId>();
  const pauses = new Map<ConversationId, Pause>();

  return {
    want(conversation) {
      wanted.add(conversation);
      fill();
    },
    add,
    fill,
    succeeded: (conversation) => forget(conversation),
    failed(conversation) {
      const failures = pauses.get(conversation)?.failures ?? 0;
      forget(conversation);
      const delayMs = pauseBaseMs + backoffMs({ failures, baseMs: pauseBaseMs, maxMs: pauseMaxMs, random });
      const pause: Pause = { failures: failures + 1, cancel: null };
      pause.cancel = clock.after(delayMs, () => {
        pause.cancel = null;
        fill();
      });
      pauses.set(conversation, pause);
    },
  };

  function fill(): void {
    if (!isOnline()) return;
    for (const conversation of wanted) {
      if (queue.rekeys().length >= atOnceMax) return;
      if (pauses.get(conversation)?.cancel) continue;
      wanted.delete(conversation);
      add(conversation);
    }
  }

  function add(conversation: ConversationId): void {
    if (queue.rekeys().some((one) => one.conversation === conversation)) return;
    // Not kept: until it is sealed, nothing is lost if it is forgotten.
    queue.add({ op: 'rekey', conversation, at: clock.wall() }).stage = 'queued';
    pump();
  }

  function forget(conversation: ConversationId): void {
    pauses.get(conversation)?.cancel?.();
    pauses.delete(conversation);
  }
}
