import type { ChatEvent, ChatState, OpenConversation } from './chat-state.ts';
import { emptyChat, nextChat } from './chat-state.ts';
import type { BalancerView, ConversationId, Item, Messenger, Seq } from './messenger.ts';
import { usersShown } from './people.ts';

/** A chat's state, kept up to date with its messenger. */
export interface Chat {
  readonly state: ChatState;
  /** Calls back after changes, not for each one; the answered function ends that. */
  subscribe(changed: () => void): () => void;
  /** Brings the newest entries of a conversation to hand; null closes it. */
  open(conversation: ConversationId | null): Promise<void>;
  /** Brings older entries of the open conversation to hand, if there are any. */
  older(): Promise<void>;
  /** Brings entries to hand back to this one. */
  backTo(seq: Seq): Promise<void>;
  /** Lets go of what is far above, for who looks at the newest entries. */
  trim(): void;
  /** Marks read what is at hand of the open conversation. */
  read(): Promise<void>;
  /** Asks the balancer how it spreads connections now; null where it does not say. */
  look(): Promise<BalancerView | null>;
  close(): void;
}

export interface ChatOptions {
  /** Entries that are brought to hand at a time. Default 100. */
  readonly page?: number;
  /** Calls back soon: many changes that come together are told once. */
  readonly soon: (call: () => void) => void;
}

export function createChat(messenger: Messenger, { page = pageDefault, soon }: ChatOptions): Chat {
  const listeners = new Set<() => void>();
  let state = emptyChat;
  /** What has to be read anew from the messenger. */
  const stale = { conversations: true, waiting: true, receipts: false, verifications: true };
  let isDue = false;
  let opening = 0;
  /** Arrivals of the conversation that is being opened, whose page may be from before. */
  let meanwhile: Item[] | null = null;
  let loading: Promise<void> | null = null;
  let watched = '';
  let server: Messenger['state']['server'] = null;

  const offs = [
    messenger.on('state', () => {
      apply(connection());
      askBalancer();
    }),
    messenger.on('conversation', () => again('conversations')),
    messenger.on('item', (item) => {
      meanwhile?.push(item);
      again('conversations', { kind: 'items', items: [item] });
    }),
    messenger.on('verification', () => again('verifications')),
    messenger.on('operation', () => again('waiting')),
    messenger.on('receipt', () => again('receipts')),
    messenger.on('typing', ({ active, ...typist }) => apply({ kind: 'typing', typist, active })),
    messenger.on('presence', (presence) => apply({ kind: 'presence', presence })),
    messenger.on('broken', (reason) => apply({ kind: 'broken', reason: reason.message })),
  ];
  state = nextChat(state, connection());
  refresh();

  return {
    get state() {
      return state;
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    open,
    older,
    async backTo(seq) {
      while (state.open?.hasOlder && (state.open.items[0]?.seq ?? 0) > seq) await older();
    },
    trim() {
      if ((state.open?.items.length ?? 0) > page * pagesMost) apply({ kind: 'trimmed', most: page });
    },
    async read() {
      const last = state.open?.items.at(-1);
      const read = last && messenger.conversation(last.conversation)?.read;
      if (last && read !== undefined && read < last.seq) await messenger.markRead(last.conversation, last.seq);
    },
    look,
    close() {
      for (const off of offs) off();
      listeners.clear();
    },
  };

  async function open(conversation: ConversationId | null): Promise<void> {
    const turn = ++opening;
    if (conversation === null) return apply({ kind: 'closed' });
    meanwhile = [];
    const items = await messenger.history({ conversation, limit: page });
    if (turn !== opening) return;
    apply({ kind: 'opened', open: opened(conversation, items) });
    apply({ kind: 'items', items: meanwhile ?? [] });
    meanwhile = null;
  }

  function opened(id: ConversationId, items: readonly Item[]): OpenConversation {
    const readAtOpening = messenger.conversation(id)?.read ?? (0 as Seq);
    const receipts = messenger.receipts(id);
    return { id, items, hasOlder: items.length === page, readAtOpening, receipts };
  }

  function older(): Promise<void> {
    loading ??= loadOlder().finally(() => {
      loading = null;
    });
    return loading;
  }

  async function loadOlder(): Promise<void> {
    const { open: at } = state;
    const before = at?.items[0]?.seq;
    if (!at?.hasOlder || before === undefined) return;
    const items = await messenger.history({ conversation: at.id, before, limit: page });
    apply({ kind: 'older', conversation: at.id, items, hasOlder: items.length === page });
  }

  // --- changes

  function connection(): ChatEvent {
    return { kind: 'state', me: messenger.me, state: messenger.state };
  }

  function again(what: keyof typeof stale, event?: ChatEvent): void {
    stale[what] = true;
    if (event) state = nextChat(state, event);
    tell();
  }

  function apply(event: ChatEvent): void {
    state = nextChat(state, event);
    tell();
  }

  function tell(): void {
    if (isDue) return;
    isDue = true;
    soon(() => {
      isDue = false;
      refresh();
      for (const listener of listeners) listener();
    });
  }

  function refresh(): void {
    if (stale.conversations) put({ kind: 'conversations', conversations: messenger.conversations() });
    if (stale.waiting) put({ kind: 'waiting', waiting: messenger.waiting() });
    const conversation = state.open?.id;
    if (stale.receipts && conversation !== undefined) {
      put({ kind: 'receipts', conversation, receipts: messenger.receipts(conversation) });
    }
    if (stale.verifications) put({ kind: 'verifications', verifications: messenger.verifications() });
    stale.conversations = stale.waiting = stale.receipts = stale.verifications = false;
    watch();
  }

  function watch(): void {
    const users = usersShown(state);
    const wanted = users.toSorted().join();
    if (wanted === watched) return;
    watched = wanted;
    messenger.watch(users);
  }

  async function look(): Promise<BalancerView | null> {
    const outcome = await messenger.balancer();
    apply({ kind: 'balancer', balancer: outcome.kind === 'ok' ? outcome.value : null });
    return state.balancer;
  }

  /** Once for each server that one comes to. */
  function askBalancer(): void {
    const now = messenger.state.server;
    if (now === server) return;
    server = now;
    if (now === null) return;
    void look();
  }

  function put(event: ChatEvent): void {
    state = nextChat(state, event);
  }
}

// ---

const pageDefault = 100;
/** Pages at hand before there is something to let go of. */
const pagesMost = 3;
