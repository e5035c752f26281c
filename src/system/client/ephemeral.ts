import type { Cancel, Ms } from '../ports.ts';
import type { ClientFrame, Entry, PresenceFrame, ReceiptFrame, TypingFrame } from '../protocol/frames.ts';
import type { ConversationId, Seq, UserName } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { frameText } from './asking.ts';
import type { Connection } from './connection.ts';
import type { SessionHandlers, SessionSettings, SessionWorld } from './contract.ts';
import { Typists } from './typists.ts';

/** `read` frames that are said again after a reconnect: nobody answers them, so the last ones may have been lost. */
const saidAgainMax = 64;

/** What a session says and hears besides operations and entries. Made when first needed: most of thousands never do. */
export class Ephemeral {
  private readonly world: SessionWorld;
  private readonly settings: SessionSettings;
  private readonly handlers: SessionHandlers;
  private readonly connection: Connection;
  /** Read up to here, and not said yet. */
  private readonly readsDue = new Map<ConversationId, Seq>();
  /** Said on this connection, the latest last. */
  private readonly readsSaid = new Map<ConversationId, Seq>();
  private readonly pointers = new Map<ConversationId, Map<UserName, Pointers>>();
  private cancelReads: Cancel | null = null;
  private readonly typists: Typists;
  private watched: readonly UserName[] = [];
  /** When it was last said that the user is typing, and where. */
  private typed: { readonly conversation: ConversationId; readonly at: Ms } | null = null;

  constructor(world: SessionWorld, settings: SessionSettings, handlers: SessionHandlers, connection: Connection) {
    this.world = world;
    this.settings = settings;
    this.handlers = handlers;
    this.connection = connection;
    this.typists = new Typists(world.clock, (typing) => handlers.typing?.(typing));
  }

  heard(frame: ReceiptFrame | TypingFrame | PresenceFrame): void {
    if (frame.type === 'receipt') this.receipt(frame);
    else if (frame.type === 'typing') this.typists.began(frame);
    else for (const one of frame.users) this.handlers.presence?.(one);
  }

  // --- the connection

  /** The server knows the conversations by now. Whom the last connection watched, this one does not yet. */
  online(): void {
    this.sayReads();
    if (this.watched.length > 0) this.sayWatch();
  }

  leaving(): void {
    this.sayReads();
  }

  down(): void {
    this.cancelReads?.();
    this.cancelReads = null;
    for (const [conversation, upTo] of this.readsSaid) raise(this.readsDue, conversation, upTo);
    this.readsSaid.clear();
    this.typed = null;
    this.typists.clear();
  }

  private say(frame: ClientFrame): void {
    this.connection.send(frameText(frame));
  }

  // --- receipts

  read(conversation: ConversationId, upTo: Seq): void {
    if (upTo <= (this.readsSaid.get(conversation) ?? 0)) return;
    raise(this.readsDue, conversation, upTo);
    this.cancelReads ??= this.world.clock.after(this.settings.ackDelayMs, () => this.sayReads());
  }

  private sayReads(): void {
    this.cancelReads?.();
    this.cancelReads = null;
    if (this.connection.state !== 'online') return;
    for (const [conversation, upTo] of this.readsDue) {
      this.say({ type: 'read', conversation, upTo });
      this.readsSaid.delete(conversation);
      this.readsSaid.set(conversation, upTo);
    }
    this.readsDue.clear();
    const tooMany = this.readsSaid.size - saidAgainMax;
    for (const conversation of [...this.readsSaid.keys().take(Math.max(0, tooMany))])
      this.readsSaid.delete(conversation);
  }

  private receipt({ conversation, user, delivered, read }: ReceiptFrame): void {
    const members = this.pointers.get(conversation) ?? new Map<UserName, Pointers>();
    this.pointers.set(conversation, members);
    const known = members.get(user);
    if (known && delivered <= known.delivered && read <= known.read) return;
    const now = {
      delivered: Math.max(known?.delivered ?? 0, delivered) as Seq,
      read: Math.max(known?.read ?? 0, read) as Seq,
    };
    members.set(user, now);
    this.handlers.receipt?.({ conversation, user, ...now });
  }

  // --- presence

  watch(users: readonly UserName[]): void {
    const distinct = [...new Set(users)];
    if (distinct.length > limits.presenceWatchMax) {
      const { length } = distinct;
      this.world.log.write(
        'warn',
        `Of ${length} users to watch only the first ${limits.presenceWatchMax} are watched.`,
      );
    }
    this.watched = distinct.slice(0, limits.presenceWatchMax);
    if (this.connection.state === 'online') this.sayWatch();
  }

  private sayWatch(): void {
    this.say({ type: 'presence', watch: [...this.watched] });
  }

  // --- typing

  typing(conversation: ConversationId): void {
    const now = this.world.clock.now();
    const again = this.typed?.conversation === conversation && now < this.typed.at + limits.typingRepeatMs;
    if (again || this.connection.state !== 'online') return;
    this.typed = { conversation, at: now };
    this.say({ type: 'typing', conversation });
  }

  /** Whoever has sent something does not type any more. */
  entry({ conversation, sender }: Entry): void {
    this.typists.ended(conversation, sender);
  }
}

interface Pointers {
  readonly delivered: Seq;
  readonly read: Seq;
}

function raise(reads: Map<ConversationId, Seq>, conversation: ConversationId, upTo: Seq): void {
  reads.set(conversation, Math.max(reads.get(conversation) ?? 0, upTo) as Seq);
}
