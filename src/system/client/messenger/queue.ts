import { Problem } from '../../problem.ts';
import type { ClientId, ConversationId } from '../../protocol/ids.ts';
import type { LocalOperation } from '../local/contract.ts';
import type { AskedByUser, AskedFor } from './asked.ts';
import { conversationOf, readAsked, writeAsked } from './asked.ts';
import { type Failure, messengerLimits, type Outcome } from './contract.ts';
import type { Wire } from './sealing.ts';

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
  /** How often it waited for the keys to be changed: what hinders that, hinders it too. */
  rekeys: number;
  readonly outcome: PromiseWithResolvers<Outcome>;
}

/** One that the user asked for: it is shown. */
export type UserOperation = QueuedOperation & { readonly asked: AskedByUser };

export function isOfUser(operation: QueuedOperation): operation is UserOperation {
  return operation.asked.op !== 'rekey';
}

/**
 * All operations in the order of asking, but a change of keys goes before others of its conversation. At most one of each
 * conversation is under way.
 */
export interface Queue {
  readonly all: ReadonlyMap<ClientId, QueuedOperation>;
  /** First id that was never used. */
  readonly nextId: ClientId;
  /** Operations of the user without an answer. */
  readonly waiting: number;
  readonly failed: number;
  reset(kept: readonly LocalOperation[], nextId: ClientId): void;
  /** Throws a `Problem` when too many wait. */
  add(asked: AskedFor): QueuedOperation;
  remove(id: ClientId): void;
  /** Changes of keys that wait or are under way. */
  readonly rekeys: ReadonlySet<QueuedOperation>;
  /** Those whose turn it is: saved, and nothing before them in their conversation. */
  due(): readonly QueuedOperation[];
}

export function createQueue(): Queue {
  const all = new Map<ClientId, QueuedOperation>();
  const rekeys = new Set<QueuedOperation>();
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
      rekeys.clear();
      nextId = next;
      for (const operation of kept) put(restored(operation));
    },
    add(asked) {
      if (asked.op !== 'rekey' && all.size >= messengerLimits.waitingMax) {
        throw new Problem(
          `${messengerLimits.waitingMax} operations wait already; go online, or put failed ones away, before asking for more.`,
        );
      }
      const operation = newOperation(nextId++ as ClientId, asked);
      put(operation);
      return operation;
    },
    remove(id) {
      rekeys.delete(all.get(id)!);
      all.delete(id);
    },
    rekeys,
    due() {
      const turns = new Map<ConversationId, QueuedOperation>();
      for (const operation of [...rekeys, ...all.values()]) {
        const { conversation, stage } = operation;
        if (conversation === null || stage === 'failed') continue;
        if (!turns.has(conversation) || isUnderWay(operation)) turns.set(conversation, operation);
      }
      return [...all.values()].filter(
        (operation) =>
          operation.stage === 'queued' &&
          (operation.conversation === null || turns.get(operation.conversation) === operation),
      );
    },
  };

  function put(operation: QueuedOperation): void {
    all.set(operation.id, operation);
    if (!isOfUser(operation)) rekeys.add(operation);
  }

  function count(is: (stage: QueuedOperation['stage']) => boolean): number {
    let found = 0;
    for (const operation of all.values()) if (isOfUser(operation) && is(operation.stage)) found++;
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

function isUnderWay({ stage }: QueuedOperation): boolean {
  return stage === 'busy' || stage === 'answered';
}

function newOperation(id: ClientId, asked: AskedFor): QueuedOperation {
  return {
    id,
    asked,
    conversation: conversationOf(asked),
    stage: 'saving',
    sealed: null,
    failure: null,
    attempts: 0,
    rekeys: 0,
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
