import { type ReadonlySignal, signal } from '@preact/signals';
import type { ConversationId, EpochMs, Item, LocalId, Operation } from '../../../browser.ts';

/** A text between the key that sends it and the disk of the messenger. */
export interface Pending {
  readonly key: string;
  readonly conversation: ConversationId;
  readonly text: string;
  readonly at: EpochMs;
  /** The newest operation that the tab knew of: this one will have a later id. */
  readonly after: LocalId;
}

/** Texts that are not known to be kept. They outlive a reload of the page. */
export interface Outbox {
  readonly all: ReadonlySignal<readonly Pending[]>;
  add(what: Omit<Pending, 'key'>): Pending;
  remove(key: string): void;
}

/** Storage of one tab, by key; null removes. */
export interface TabStorage {
  get(key: string): string | null;
  set(key: string, value: string | null): void;
  /** Removes all whose key begins so. */
  clear(prefix: string): void;
}

export function createOutbox(storage: Pick<TabStorage, 'get' | 'set'>): Outbox {
  const all = signal<readonly Pending[]>(read(storage));
  let nextKey = 1 + Math.max(0, ...all.value.map(({ key }) => Number(key.slice(1))));

  return { all, add, remove: (key) => put(all.value.filter((one) => one.key !== key)) };

  function add(what: Omit<Pending, 'key'>): Pending {
    const pending = { ...what, key: `p${nextKey++}` };
    put([...all.value, pending]);
    return pending;
  }

  function put(next: readonly Pending[]): void {
    storage.set(storageKey, next.length === 0 ? null : JSON.stringify(next));
    all.value = next;
  }
}

/**
 * Those that the messenger does not have. What it has is found by the text, among operations and own entries that are
 * newer than what the tab knew when the key was pressed; each answers for one.
 */
export function unkept(pending: readonly Pending[], own: readonly OwnText[]): readonly Pending[] {
  const left = own.toSorted((a, b) => a.id - b.id);
  return pending.filter(({ conversation, text, after }) => {
    const found = left.findIndex((one) => one.id > after && one.conversation === conversation && one.text === text);
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
}

export interface OwnText {
  readonly id: LocalId;
  readonly conversation: ConversationId | null;
  readonly text: string;
}

/** The texts of this device among operations and entries. */
export function ownTexts(all: readonly (Operation | Item)[]): readonly OwnText[] {
  const found = new Map<LocalId, OwnText>();
  for (const { id, conversation, content } of all) {
    if (id !== null && content?.kind === 'text') found.set(id, { id, conversation, text: content.text });
  }
  return [...found.values()];
}

// ---

const storageKey = 'pending';

function read(storage: Pick<TabStorage, 'get'>): readonly Pending[] {
  try {
    return JSON.parse(storage.get(storageKey) ?? '[]') as readonly Pending[];
  } catch {
    return [];
  }
}
