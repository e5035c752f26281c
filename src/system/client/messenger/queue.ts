import { Problem } from '../../problem.ts';
import type { ClientId, ConversationId } from '../../protocol/ids.ts';
import type { LocalOperation } from '../local/contract.ts';
import type { AskedFor } from './asked.ts';
import { conversationOf, readAsked, writeAsked } from './asked.ts';
import { type Failure, messengerLimits, type Outcome } from './contract.ts';
import type { Sealed } from './sealing.ts';

/** One operation until it has become an entry or was put away. */
export interface QueuedOperation {
  readonly id: ClientId;
  readonly asked: AskedFor;
  /** Null: after none. */
  readonly conversation: ConversationId | null;
  /**
   * `saving`: not on the disk yet. `queued` behind others, or until one is online. `busy`: being sealed, or with the
   * session. `answered`: its answer is being stored. `failed` until it is put away.
   */
  stage: 'saving' | 'queued' | 'busy' | 'answered' | 'failed';
  /** What was made of it for the wire; null before. */
  sealed: Wire | null;
  failure: Failure | null;
  /** How often it was sealed in vain. */
  attempts: number;
  readonly outcome: PromiseWithResolvers<Outcome>;
}

/** The part of a sealed operation that goes on the wire. */
export type Wire = Omit<Sealed, 'keys'>;

/** All operations in the order of asking. At most one of each conversation is under way. */
export interface Queue {
  readonly all: ReadonlyMap<ClientId, QueuedOperation>;
  /** First id that was never used. */
  readonly nextId: ClientId;
  readonly waiting: number;
  readonly failed: number;
  reset(kept: readonly LocalOperation[], nextId: ClientId): void;
  /** Throws a `Problem` when too many wait. */
  add(asked: AskedFor): QueuedOperation;
  remove(id: ClientId): void;
  /** Those whose turn it is: saved, and nothing before them in their conversation. */
  due(): readonly QueuedOperation[];
}

export function createQueue(): Queue {
  const all = new Map<ClientId, QueuedOperation>();
  let nextId = 1 as ClientId;

  return {
    all,
    get nextId() {
      return nextId;
    },
    get waiting() {
      return count((stage) => stage !== 'failed');
    },
    get failed() {
      return count((stage) => stage === 'failed');
    },
    reset(kept, next) {
      all.clear();
      nextId = next;
      for (const operation of kept) all.set(operation.clientId, restored(operation));
    },
    add(asked) {
      if (all.size >= messengerLimits.waitingMax) {
        throw new Problem(
          `${messengerLimits.waitingMax} operations wait already; go online, or put failed ones away, before asking for more.`,
        );
      }
      const operation = newOperation(nextId++ as ClientId, asked);
      all.set(operation.id, operation);
      return operation;
    },
    remove: (id) => void all.delete(id),
    due() {
      const taken = new Set<ConversationId>();
      return [...all.values()].filter(({ conversation, stage }) => {
        if (stage === 'failed') return false;
        if (conversation !== null) {
          if (taken.has(conversation)) return false;
          taken.add(conversation);
        }
        return stage === 'queued';
      });
    },
  };

  function count(is: (stage: QueuedOperation['stage']) => boolean): number {
    let found = 0;
    for (const { stage } of all.values()) if (is(stage)) found++;
    return found;
  }
}

/** An operation as it is kept. */
export function keptOperation({ id, asked, sealed, failure }: QueuedOperation): LocalOperation {
  return {
    clientId: id,
    asked: writeAsked(asked),
    sealed: sealed === null ? null : JSON.stringify(sealed),
    failure: failure === null ? null : { code: failure.code, detail: failure.reason },
  };
}

// ---

function newOperation(id: ClientId, asked: AskedFor): QueuedOperation {
  return {
    id,
    asked,
    conversation: conversationOf(asked),
    stage: 'saving',
    sealed: null,
    failure: null,
    attempts: 0,
    outcome: Promise.withResolvers(),
  };
}

function restored({ clientId, asked, sealed, failure }: LocalOperation): QueuedOperation {
  const operation = newOperation(clientId, readAsked(asked));
  operation.stage = failure === null ? 'queued' : 'failed';
  operation.sealed = sealed === null ? null : (JSON.parse(sealed) as Wire);
  operation.failure =
    failure === null ? null : { kind: 'failed', code: failure.code as Failure['code'], reason: failure.detail };
  return operation;
}
