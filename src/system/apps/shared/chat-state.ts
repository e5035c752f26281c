import type {
  BalancerView,
  Conversation,
  ConversationId,
  Item,
  Me,
  MessengerState,
  Operation,
  Presence,
  Receipt,
  Seq,
  UserName,
  Verification,
} from './messenger.ts';

/**
 * What a chat program shows of its messenger: a value, which each thing that happens turns into the next. It knows no
 * screen; what the user is just looking at (`open`) is part of it because its entries must be at hand.
 */
export interface ChatState {
  readonly me: Me | null;
  readonly state: MessengerState;
  /** The one with the newest entry first. */
  readonly conversations: readonly Conversation[];
  readonly open: OpenConversation | null;
  /** Asked for and not answered, or failed, in the order of asking. */
  readonly waiting: readonly Operation[];
  readonly typists: readonly Typist[];
  /** Of those that are watched, by the name in lower case; nobody while not online. */
  readonly presence: ReadonlyMap<string, Presence>;
  /** Of those who were verified, by the name in lower case. */
  readonly verifications: ReadonlyMap<string, Verification>;
  /** How the balancer spread connections when one came to the present server; null where it does not say. */
  readonly balancer: BalancerView | null;
  /** What ended the use of the database. */
  readonly broken: string | null;
}

export interface OpenConversation {
  readonly id: ConversationId;
  /** Ascending; what never came has an entry in its place. */
  readonly items: readonly Item[];
  /** Whether there are older ones in the database. */
  readonly hasOlder: boolean;
  /** Up to here the user had read when it was opened: later messages are new to them. */
  readonly readAtOpening: Seq;
  readonly receipts: readonly Receipt[];
}

export interface Typist {
  readonly conversation: ConversationId;
  readonly user: UserName;
}

export type ChatEvent =
  | { readonly kind: 'state'; readonly me: Me | null; readonly state: MessengerState }
  | { readonly kind: 'conversations'; readonly conversations: readonly Conversation[] }
  | { readonly kind: 'waiting'; readonly waiting: readonly Operation[] }
  | { readonly kind: 'opened'; readonly open: OpenConversation }
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'older';
      readonly conversation: ConversationId;
      readonly items: readonly Item[];
      readonly hasOlder: boolean;
    }
  /** Only the newest stay at hand. */
  | { readonly kind: 'trimmed'; readonly most: number }
  | { readonly kind: 'items'; readonly items: readonly Item[] }
  | { readonly kind: 'receipts'; readonly conversation: ConversationId; readonly receipts: readonly Receipt[] }
  | { readonly kind: 'typing'; readonly typist: Typist; readonly active: boolean }
  | { readonly kind: 'presence'; readonly presence: Presence }
  | { readonly kind: 'verifications'; readonly verifications: readonly Verification[] }
  | { readonly kind: 'balancer'; readonly balancer: BalancerView | null }
  | { readonly kind: 'broken'; readonly reason: string };

export const emptyChat: ChatState = {
  me: null,
  state: { connection: 'offline', trouble: null, server: null, waiting: 0, failed: 0 },
  conversations: [],
  open: null,
  waiting: [],
  typists: [],
  presence: new Map(),
  verifications: new Map(),
  balancer: null,
  broken: null,
};

export function nextChat(chat: ChatState, event: ChatEvent): ChatState {
  switch (event.kind) {
    case 'state':
      return { ...chat, me: event.me, state: event.state, ...(event.state.connection !== 'online' && nobodyKnown) };
    case 'conversations':
      return { ...chat, conversations: event.conversations };
    case 'waiting':
      return { ...chat, waiting: event.waiting };
    case 'opened':
      return { ...chat, open: event.open };
    case 'closed':
      return { ...chat, open: null };
    case 'items':
      return event.items.reduce(withItem, chat);
    case 'trimmed':
      return { ...chat, open: chat.open && trimmed(chat.open, event.most) };
    case 'older':
      return inOpen(chat, event.conversation, (open) => ({
        ...open,
        items: merged(event.items, open.items),
        hasOlder: event.hasOlder,
      }));
    case 'receipts':
      return inOpen(chat, event.conversation, (open) => ({ ...open, receipts: event.receipts }));
    case 'typing':
      return { ...chat, typists: withTypist(chat.typists, event.typist, event.active) };
    case 'presence':
      return { ...chat, presence: new Map(chat.presence).set(event.presence.user.toLowerCase(), event.presence) };
    case 'verifications':
      return { ...chat, verifications: new Map(event.verifications.map((one) => [one.user.toLowerCase(), one])) };
    case 'balancer':
      return { ...chat, balancer: event.balancer };
    case 'broken':
      return { ...chat, broken: event.reason };
    default:
      return event satisfies never;
  }
}

/** How far an own message has come, as all the others tell; null of others' entries. */
export type Mark = 'sent' | 'delivered' | 'read';

export function markOf(item: Item, { receipts }: OpenConversation, others: number): Mark | null {
  if (!item.isOwn || item.content.kind === 'membership') return null;
  if (others === 0 || receipts.length < others) return 'sent';
  if (receipts.every(({ read }) => read >= item.seq)) return 'read';
  return receipts.every(({ delivered }) => delivered >= item.seq) ? 'delivered' : 'sent';
}

/** Operations of the open conversation. */
export function waitingIn(chat: ChatState): readonly Operation[] {
  return chat.waiting.filter(({ conversation }) => conversation !== null && conversation === chat.open?.id);
}

export function conversationOf(chat: ChatState, id: ConversationId | null | undefined): Conversation | null {
  return chat.conversations.find((conversation) => conversation.id === id) ?? null;
}

/** Members other than oneself. */
export function othersOf(conversation: Conversation, me: Me | null): readonly UserName[] {
  const mine = me?.name.toLowerCase();
  return conversation.members.filter((name) => name.toLowerCase() !== mine);
}

// ---

/** Of what others do nothing is known without a connection. */
const nobodyKnown = { typists: [], presence: new Map<string, Presence>() };

function withItem(chat: ChatState, item: Item): ChatState {
  const typists = withTypist(chat.typists, { conversation: item.conversation, user: item.sender }, false);
  return inOpen({ ...chat, typists }, item.conversation, (open) => ({ ...open, items: merged(open.items, [item]) }));
}

function inOpen(chat: ChatState, id: ConversationId, change: (open: OpenConversation) => OpenConversation): ChatState {
  return chat.open?.id === id ? { ...chat, open: change(chat.open) } : chat;
}

function trimmed(open: OpenConversation, most: number): OpenConversation {
  if (open.items.length <= most) return open;
  return { ...open, items: open.items.slice(-most), hasOlder: true };
}

/** In order, each once. */
function merged(a: readonly Item[], b: readonly Item[]): readonly Item[] {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  if (a.at(-1)!.seq < b[0]!.seq) return [...a, ...b];
  const bySeq = new Map([...a, ...b].map((item) => [item.seq, item]));
  return [...bySeq.values()].sort((x, y) => x.seq - y.seq);
}

function withTypist(typists: readonly Typist[], { conversation, user }: Typist, active: boolean): readonly Typist[] {
  const isSame = (each: Typist) => each.conversation === conversation && each.user === user;
  if (!active) return typists.some(isSame) ? typists.filter((each) => !isSame(each)) : typists;
  return typists.some(isSame) ? typists : [...typists, { conversation, user }];
}
