import type { Log } from '../../ports.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import type { ClientSession } from '../contract.ts';
import type { LocalChange, LocalDatabase } from '../local/contract.ts';
import type { Me, MessengerEvents, MessengerWorld } from './contract.ts';
import type { Journal } from './journal.ts';
import type { Lanes } from './lanes.ts';
import type { Queue } from './queue.ts';
import type { Rooms } from './rooms.ts';
import type { KeyStep, Sealing } from './sealing.ts';

/** What the parts of a messenger share. */
export interface Core {
  readonly world: MessengerWorld;
  readonly database: LocalDatabase;
  readonly journal: Journal;
  readonly rooms: Rooms;
  readonly queue: Queue;
  readonly sealing: Sealing;
  /** Everything that touches a conversation or its keys; operations that are to make one go alone, by `null`. */
  readonly lanes: Lanes<Lane>;
  /** Only after sign-in. */
  me(): Me;
  /** Null while signed out. */
  session(): ClientSession | null;
  emit<K extends keyof MessengerEvents>(event: K, what: MessengerEvents[K]): void;
  emitState(): void;
  /**
   * An entry of this session could not be taken in now: nothing that comes after it is, and the next session begins where
   * everything is kept.
   */
  giveUp(session: ClientSession): void;
  isGivenUp(session: ClientSession): boolean;
}

/** `keys`: what the sealing does by itself. */
export type Lane = ConversationId | 'keys' | null;

/** Writes, and then calls `stored`. When it cannot be written, the messenger stops by itself. */
export function keep(
  { journal }: Core,
  changes: readonly LocalChange[],
  { step, stored }: { readonly step?: KeyStep; readonly stored: () => void },
): Promise<void> {
  return write(journal, changes, step).then(stored, () => {});
}

/** Writes changes and keys in one batch. */
export async function write(journal: Journal, changes: readonly LocalChange[], step?: KeyStep): Promise<void> {
  await journal.write(changes, step?.keys);
  step?.stored?.();
}

/** Listeners by event; one that throws is logged and does not keep the others from hearing. */
export interface Listeners {
  on<K extends keyof MessengerEvents>(event: K, listener: (what: MessengerEvents[K]) => void): () => void;
  emit<K extends keyof MessengerEvents>(event: K, what: MessengerEvents[K]): void;
}

export function createListeners(log: Log): Listeners {
  type Listener = (what: never) => void;
  const byEvent = new Map<keyof MessengerEvents, Set<{ readonly call: Listener }>>();

  return {
    on(event, call) {
      const set = byEvent.get(event) ?? new Set();
      byEvent.set(event, set);
      const entry = { call };
      set.add(entry);
      return () => void set.delete(entry);
    },
    emit(event, what) {
      for (const { call } of [...(byEvent.get(event) ?? [])]) {
        try {
          call(what as never);
        } catch (error) {
          log.write('error', 'A listener of the messenger failed.', { event, error: String(error) });
        }
      }
    },
  };
}
