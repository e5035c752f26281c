import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Conversation, ConversationId, EpochMs, LocalId, Outcome, Seq } from '../../../browser.ts';
import type { News, Snapshot } from '../host/wire.ts';
import { type Account, createAccount } from './account.ts';
import { type Chat, createChat } from './chat.ts';
import { operationSentence } from './failures.ts';
import type { Link, LinkHandlers } from './link.ts';
import { createOutbox, type Outbox, ownTexts, type Pending, type TabStorage, unkept } from './outbox.ts';
import { createTimeline, type Timeline, timelineSizes } from './timeline.ts';
import { createUploads, type Uploads } from './uploads.ts';

/** One user in one tab: what is shown, and what can be done. Promises reject with one sentence for people. */
export interface Session {
  readonly chat: Chat;
  readonly link: Link;
  readonly account: Account;
  readonly outbox: Outbox;
  readonly uploads: Uploads;
  /** Of the conversation that is open. */
  readonly timeline: ReadonlySignal<Timeline | null>;
  readonly selected: ReadonlySignal<Conversation | null>;
  /** Where the unread messages began when the conversation was opened; null: there were none. */
  readonly unreadAfter: ReadonlySignal<Seq | null>;
  /** The newest entries are on the screen, and somebody looks at them. */
  readonly isWatched: Signal<boolean>;
  /** Shows a conversation: its newest entries, or those around a place. */
  open(conversation: ConversationId | null, at?: Seq): void;
  /** Never fails at once: a text that cannot be sent comes back by `refused`. */
  send(conversation: ConversationId, text: string): void;
  openDirect(user: string): Promise<ConversationId>;
  createGroup(title: string, users: readonly string[]): Promise<ConversationId>;
  invite(conversation: ConversationId, users: readonly string[]): Promise<ConversationId>;
  remove(conversation: ConversationId, user: string): Promise<ConversationId>;
  leave(conversation: ConversationId): Promise<ConversationId>;
  retry(operation: LocalId): Promise<void>;
  discard(operation: LocalId): Promise<void>;
  draft(conversation: ConversationId): string;
  keepDraft(conversation: ConversationId, text: string): void;
}

export interface SessionOptions {
  /** Opens the way to the user's messenger. */
  readonly dial: (handlers: LinkHandlers) => Link;
  readonly storage: TabStorage;
  readonly now: () => EpochMs;
  /** The messenger is there, or somebody has signed in or out. */
  readonly snapshot: (snapshot: Snapshot) => void;
  /** There is no messenger, or none any more. */
  readonly failed: (message: string) => void;
  /** Another tab has it. */
  readonly waits: () => void;
  /** What this browser had of the user is gone. */
  readonly erased: () => void;
  /** An image could not be sent. */
  readonly notUploaded: (why: string) => void;
  readonly refused: (what: {
    readonly conversation: ConversationId;
    readonly text: string;
    readonly why: string;
  }) => void;
}

export function createSession(options: SessionOptions): Session {
  const { dial, storage, now, snapshot, failed, waits, erased, refused, notUploaded } = options;
  const chat = createChat(now);
  const outbox = createOutbox(storage);
  const timeline = signal<Timeline | null>(null);
  const opened = signal<ConversationId | null>(null);
  const selected = computed(() => chat.conversations.value.get(opened.value ?? (0 as ConversationId)) ?? null);
  const unreadAfter = signal<Seq | null>(null);
  const isWatched = signal(false);
  let isRestored = false;
  const link = dial({ snapshot: take, news: hear, failed, waits, erased });
  const uploads = createUploads(() => link, notUploaded);
  effect(readWhatIsWatched);

  return {
    chat,
    link,
    account: createAccount(link),
    outbox,
    uploads,
    timeline,
    selected,
    unreadAfter,
    isWatched,
    open,
    send: (conversation, text) => hand(outbox.add({ conversation, text, at: now(), after: chat.newestId })),
    openDirect: (user) => link.call('openDirect', user).then(placeOf),
    createGroup: (title, users) => link.call('createGroup', title, users).then(placeOf),
    invite: (conversation, users) => link.call('invite', conversation, users).then(placeOf),
    remove: (conversation, user) => link.call('remove', conversation, [user]).then(placeOf),
    leave: (conversation) => link.call('leave', conversation).then(placeOf),
    async retry(id) {
      await link.call('retry', id);
      chat.drop(id);
    },
    async discard(id) {
      await link.call('discard', id);
      chat.drop(id);
    },
    draft: (conversation) => storage.get(draftKey(conversation)) ?? '',
    keepDraft: (conversation, text) => storage.set(draftKey(conversation), text === '' ? null : text),
  };

  function take(told: Snapshot): void {
    chat.take(told);
    snapshot(told);
    if (!told.isSignedIn) return;
    if (!isRestored) void restore();
    // Whoever opened a conversation by its address has waited for this.
    const wanted = opened.value;
    if (wanted !== null && timeline.value === null) open(wanted);
  }

  function hear(news: readonly News[]): void {
    batch(() => {
      // First the entries: a message must not vanish between the queue and the conversation.
      for (const one of news) {
        if (one.event === 'item' && one.what.conversation === opened.value)
          timeline.value?.take(one.what, isWatched.value);
      }
      chat.hear(news);
      if (opened.value !== null && timeline.value === null && selected.value !== null) open(opened.value);
    });
  }

  function open(conversation: ConversationId | null, at?: Seq): void {
    const known = conversation === null ? undefined : chat.conversations.value.get(conversation);
    batch(() => {
      opened.value = conversation;
      unreadAfter.value = known !== undefined && known.unread > 0 ? known.read : null;
      timeline.value = known === undefined ? null : createTimeline(known.id, (range) => link.call('history', range));
    });
    if (known === undefined) return;
    // Much that is unread is read from where it begins.
    const place = at ?? (known.unread > timelineSizes.page / 2 ? ((known.read + 1) as Seq) : null);
    void (place === null ? timeline.value!.toEnd() : timeline.value!.toPlace(place)).catch(() => {});
    void link.call('receipts', known.id).then(
      (receipts) => chat.putReceipts(known.id, receipts),
      () => {},
    );
  }

  function readWhatIsWatched(): void {
    const conversation = selected.value;
    if (!isWatched.value || conversation === null || conversation.unread === 0) return;
    link.call('markRead', conversation.id, conversation.last?.seq ?? conversation.read).catch(() => {});
  }

  function hand({ key, conversation, text }: Pending): void {
    link.call('send', conversation, text).then(
      () => outbox.remove(key),
      (error: Error) => {
        outbox.remove(key);
        refused({ conversation, text, why: error.message });
      },
    );
  }

  /** What the page was about to send when it was closed: those texts that the messenger does not have. */
  async function restore(): Promise<void> {
    isRestored = true;
    const left = outbox.all.value;
    if (left.length === 0) return;
    const conversations = [...new Set(left.map(({ conversation }) => conversation))];
    const known = ownTexts(chat.operations.value);
    const recent = await Promise.all(
      conversations.map((conversation) => link.call('history', { conversation, limit: recentMax })),
    );
    const missing = unkept(left, [...known, ...ownTexts(recent.flat())]);
    for (const pending of left) {
      if (missing.includes(pending)) hand(pending);
      else outbox.remove(pending.key);
    }
  }
}

// ---

/** Own texts of the last moments before a reload are looked for among so many entries. */
const recentMax = 200;

function draftKey(conversation: ConversationId): string {
  return `draft ${conversation}`;
}

function placeOf(outcome: Outcome): ConversationId {
  switch (outcome.kind) {
    case 'sent':
      return outcome.conversation;
    case 'failed':
      throw new Error(operationSentence(outcome));
    case 'unanswered':
      throw new Error('The page was closed before the servers answered; it goes on by itself.');
  }
}
