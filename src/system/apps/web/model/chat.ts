import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type {
  Conversation,
  ConversationId,
  EpochMs,
  LocalId,
  Me,
  MessengerState,
  Operation,
  Presence,
  Receipt,
  ServerId,
  UserName,
  Verification,
} from '../../../browser.ts';
import type { News, Snapshot } from '../host/wire.ts';

/** What this tab knows of the messenger: signals that follow its events. */
export interface Chat {
  readonly me: ReadonlySignal<Me | null>;
  readonly state: ReadonlySignal<MessengerState>;
  readonly conversations: ReadonlySignal<ReadonlyMap<ConversationId, Conversation>>;
  /** The one with the newest entry first. */
  readonly ordered: ReadonlySignal<readonly Conversation[]>;
  readonly unread: ReadonlySignal<number>;
  /** In the order of asking; with those that were sent but whose entry was not seen yet. */
  readonly operations: ReadonlySignal<readonly Operation[]>;
  readonly typists: ReadonlySignal<ReadonlyMap<ConversationId, readonly UserName[]>>;
  readonly receipts: ReadonlySignal<ReadonlyMap<ConversationId, readonly Receipt[]>>;
  /** By the name in lower case. */
  readonly presences: ReadonlySignal<ReadonlyMap<string, Presence>>;
  /** Which server it was, and when; the newest last. */
  readonly moves: ReadonlySignal<readonly Move[]>;
  /** Of those who were verified, by the name in lower case. */
  readonly verifications: ReadonlySignal<ReadonlyMap<string, Verification>>;
  /** The highest id of an operation that was seen. */
  readonly newestId: LocalId;
  take(snapshot: Snapshot): void;
  hear(news: readonly News[]): void;
  /** What the messenger answered when it was asked. */
  putReceipts(conversation: ConversationId, receipts: readonly Receipt[]): void;
  drop(operation: LocalId): void;
}

/** The connection came to be with this server, or with none. */
export interface Move {
  readonly at: EpochMs;
  readonly server: ServerId | null;
}

export function createChat(now: () => EpochMs): Chat {
  const me = signal<Me | null>(null);
  const state = signal<MessengerState>({ connection: 'offline', trouble: null, server: null, waiting: 0, failed: 0 });
  const conversations = signal<ReadonlyMap<ConversationId, Conversation>>(new Map());
  const operations = signal<ReadonlyMap<LocalId, Operation>>(new Map());
  const typists = signal<ReadonlyMap<ConversationId, readonly UserName[]>>(new Map());
  const receipts = signal<ReadonlyMap<ConversationId, readonly Receipt[]>>(new Map());
  const presences = signal<ReadonlyMap<string, Presence>>(new Map());
  const moves = signal<readonly Move[]>([]);
  const verifications = signal<ReadonlyMap<string, Verification>>(new Map());
  let newestId = 0 as LocalId;

  return {
    me,
    state,
    conversations,
    ordered: computed(() => [...conversations.value.values()].sort(newestFirst)),
    unread: computed(() => [...conversations.value.values()].reduce((sum, { unread }) => sum + unread, 0)),
    operations: computed(() => [...operations.value.values()]),
    typists,
    receipts,
    presences,
    moves,
    verifications,
    get newestId() {
      return newestId;
    },
    take: (snapshot) => batch(() => begin(snapshot)),
    hear: (news) => batch(() => news.forEach(hear)),
    putReceipts: (conversation, all) => set(receipts, conversation, all),
    drop: (id) => unset(operations, id),
  };

  function begin(snapshot: Snapshot): void {
    me.value = snapshot.me;
    hearState(snapshot.state);
    conversations.value = new Map(snapshot.conversations.map((one) => [one.id, one]));
    operations.value = new Map(snapshot.waiting.map((one) => [one.id, one]));
    presences.value = new Map(snapshot.presences.map((one) => [one.user.toLowerCase(), one]));
    verifications.value = new Map(snapshot.verifications.map((one) => [one.user.toLowerCase(), one]));
    const ids = [...snapshot.waiting, ...snapshot.conversations.flatMap(({ last }) => last ?? [])];
    for (const { id } of ids) note(id);
  }

  function hear(one: News): void {
    switch (one.event) {
      case 'state':
        hearState(one.what);
        return;
      case 'conversation':
        set(conversations, one.what.id, one.what);
        return;
      case 'operation':
        hearOperation(one.what);
        return;
      case 'item':
        note(one.what.id);
        if (one.what.id !== null) unset(operations, one.what.id);
        setTyping(one.what.conversation, one.what.sender, false);
        return;
      case 'receipt':
        hearReceipt(one.what);
        return;
      case 'typing':
        setTyping(one.what.conversation, one.what.user, one.what.active);
        return;
      case 'presence':
        set(presences, one.what.user.toLowerCase(), one.what);
        return;
      case 'verification':
        set(verifications, one.what.user.toLowerCase(), one.what);
        return;
      default:
        one satisfies never;
    }
  }

  function hearState(next: MessengerState): void {
    state.value = next;
    if (next.connection !== 'online') forgetOthers();
    const { server } = next;
    if ((moves.value.at(-1)?.server ?? null) !== server) {
      moves.value = [...moves.value, { at: now(), server }].slice(-movesMax);
    }
  }

  /** What they do now is not known while offline. */
  function forgetOthers(): void {
    typists.value = new Map();
    presences.value = new Map();
  }

  function hearOperation(operation: Operation): void {
    note(operation.id);
    const isOver = operation.state.kind === 'sent';
    // A message stays until its entry is there, so that it does not vanish between the two.
    if (isOver && operation.what !== 'send') unset(operations, operation.id);
    else if (!isOver || operations.value.has(operation.id)) set(operations, operation.id, operation);
  }

  function hearReceipt({ conversation, ...receipt }: Receipt & { readonly conversation: ConversationId }): void {
    const others = (receipts.value.get(conversation) ?? []).filter(({ user }) => user !== receipt.user);
    set(receipts, conversation, [...others, receipt]);
  }

  function setTyping(conversation: ConversationId, user: UserName, active: boolean): void {
    const now = typists.value.get(conversation) ?? [];
    if (now.includes(user) === active) return;
    set(typists, conversation, active ? [...now, user] : now.filter((one) => one !== user));
  }

  function note(id: LocalId | null): void {
    if (id !== null && id > newestId) newestId = id;
  }
}

// ---

const movesMax = 20;

function newestFirst(a: Conversation, b: Conversation): number {
  return (b.last?.at ?? 0) - (a.last?.at ?? 0) || b.id - a.id;
}

function set<K, V>(map: Signal<ReadonlyMap<K, V>>, key: K, value: V): void {
  map.value = new Map(map.value).set(key, value);
}

function unset<K, V>(map: Signal<ReadonlyMap<K, V>>, key: K): void {
  if (!map.value.has(key)) return;
  const next = new Map(map.value);
  next.delete(key);
  map.value = next;
}
