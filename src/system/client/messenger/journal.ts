import type { Cancel, Clock } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import type { LocalChange, LocalDatabase } from '../local/contract.ts';
import type { KeyChanges, KeyStates } from './sealing.ts';

/**
 * Writes to the local database in the order of the calls; batches that are ready at the same time share one commit.
 * After a failure nothing is written any more, for later batches build on those before.
 */
export interface Journal extends KeyStates {
  /** Resolves when the changes are on the disk. Key states can be read at once. */
  write(changes: readonly LocalChange[], keys?: KeyChanges): Promise<void>;
  /** Resolves when everything so far is; rejects when it could not be. */
  flush(): Promise<void>;
}

interface Batch {
  readonly changes: readonly LocalChange[];
  readonly keys: KeyChanges;
  resolve(): void;
  reject(reason: Problem): void;
}

/** A commit takes no further batch when it has this many changes. */
const changesMax = 1000;

export function createJournal(clock: Clock, database: LocalDatabase, broken: (reason: Problem) => void): Journal {
  /** States of keys that are not on the disk yet. */
  const recent = new Map<string, Uint8Array | null>();
  const waiting: Batch[] = [];
  let writing: Promise<void> | null = null;
  let cancelTurn: Cancel | null = null;
  let failure: Problem | null = null;

  return { write, flush, get, names: (prefix) => database.keyNames(prefix) };

  function write(changes: readonly LocalChange[], keys: KeyChanges = new Map()): Promise<void> {
    if (failure) return Promise.reject(failure);
    const keyed = [...keys].map(([name, bytes]): LocalChange => ({ kind: 'key', name, bytes }));
    for (const [name, bytes] of keys) recent.set(name, bytes);
    return new Promise((resolve, reject) => {
      waiting.push({ changes: [...changes, ...keyed], keys, resolve, reject });
      // A turn later, so that whatever else arrives in this one shares the commit.
      if (writing === null) cancelTurn ??= clock.after(0, turn);
    });
  }

  async function flush(): Promise<void> {
    if (cancelTurn) turn();
    while (writing) await writing;
    if (failure) throw failure;
  }

  async function get(name: string): Promise<Uint8Array | null> {
    return recent.has(name) ? recent.get(name)! : database.key(name);
  }

  function turn(): void {
    cancelTurn?.();
    cancelTurn = null;
    writing ??= Promise.resolve().then(drain);
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0 && failure === null) await commit(takeBatches());
    for (const batch of waiting.splice(0)) batch.reject(failure!);
    writing = null;
  }

  function takeBatches(): readonly Batch[] {
    let count = 0;
    let batches = 0;
    while (batches < waiting.length && count < changesMax) count += waiting[batches++]!.changes.length;
    return waiting.splice(0, batches);
  }

  async function commit(batches: readonly Batch[]): Promise<void> {
    try {
      await database.write(compact(batches.flatMap(({ changes }) => changes)));
    } catch (error) {
      failure = error instanceof Problem ? error : new Problem(`The local database failed: ${String(error)}`);
      for (const batch of batches) batch.reject(failure);
      broken(failure);
      return;
    }
    for (const { keys, resolve } of batches) {
      for (const [name, bytes] of keys) if (recent.get(name) === bytes) recent.delete(name);
      resolve();
    }
  }
}

// ---

/** In one commit only the last progress of a conversation counts. */
function compact(changes: readonly LocalChange[]): readonly LocalChange[] {
  const last = new Map<ConversationId, LocalChange>();
  for (const change of changes) if (change.kind === 'progress') last.set(change.conversation, change);
  return changes.filter((change) => change.kind !== 'progress' || last.get(change.conversation) === change);
}
