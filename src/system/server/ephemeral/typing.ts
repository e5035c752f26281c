import type { TypingSignal } from '../../database/signal.ts';
import type { ClientFrame } from '../../protocol/frames.ts';
import type { ConversationId, Seq, UserName } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { Ground } from '../ground.ts';
import type { Room, Rooms } from '../rooms.ts';
import type { Session } from '../session.ts';
import type { Outflow, Source } from './outflow.ts';
import type { Signals } from './signals.ts';
import { mayBeTold } from './size.ts';
import type { Tally } from './tally.ts';

/** Tells members who is typing. Never stored; what cannot be told at once is given up, for it will be repeated or be over. */
export interface Typing extends Source {
  receive(session: Session, frame: Extract<ClientFrame, { type: 'typing' }>): void;
  heard(signal: TypingSignal): void;
}

interface Parts {
  readonly rooms: Rooms;
  readonly signals: Signals;
  readonly tally: Tally;
  outflow(): Outflow;
}

export function createTyping({ clock, settings }: Ground, { rooms, signals, tally, outflow }: Parts): Typing {
  return { receive, heard, take, miss: drop, owes: (session) => (session.ephemeral?.typists.size ?? 0) > 0 };

  function receive(session: Session, { conversation }: Extract<ClientFrame, { type: 'typing' }>): void {
    const feed = session.feeds.get(conversation);
    if (feed === undefined || !feed.member || feed.state === 'ended' || !mayBeTold(feed.room, settings)) {
      tally.dropped++;
      return;
    }
    if (!isNews(session, conversation)) {
      tally.coalesced++;
      return;
    }
    const user = session.who!.name;
    const { room } = feed;
    tell(room, user, room.at);
    if (signals.isWanted('typing')) signals.send({ kind: 'typing', conversation, user, at: room.at });
  }

  /** Remembers few conversations of a session: nobody types in many at once. */
  function isNews(session: Session, conversation: ConversationId): boolean {
    session.typedAt ??= new Map();
    const oldest = clock.now() - limits.typingRepeatMs;
    for (const [id, at] of session.typedAt) if (at <= oldest) session.typedAt.delete(id);
    if (session.typedAt.has(conversation) || session.typedAt.size >= typedMax) return false;
    session.typedAt.set(conversation, clock.now());
    return true;
  }

  function heard({ conversation, user, at }: TypingSignal): void {
    const room = rooms.get(conversation);
    if (room !== undefined && mayBeTold(room, settings)) tell(room, user, at);
  }

  function tell(room: Room, user: UserName, at: Seq): void {
    for (const { session } of room.live) {
      if (session.ephemeral?.typing && session.who!.name !== user) owe(session, room.id, { user, at });
    }
  }

  function owe(session: Session, id: ConversationId, { user, at }: { user: UserName; at: Seq }): void {
    const { typists } = session.ephemeral!;
    const users = typists.get(id) ?? new Map<UserName, Seq>();
    if (users.has(user)) tally.coalesced++;
    typists.set(id, users.set(user, Math.max(users.get(user) ?? 0, at) as Seq));
    outflow().owe(session);
  }

  function take(session: Session, framesMax: number): readonly string[] {
    const frames: string[] = [];
    for (const [conversation, users] of session.ephemeral?.typists ?? []) {
      const feed = session.feeds.get(conversation);
      for (const [user, at] of users) {
        if (feed?.state !== 'live' || at > feed.room.at || frames.length >= framesMax) continue;
        users.delete(user);
        frames.push(`{"type":"typing","conversation":${conversation},"user":"${user}"}`);
      }
    }
    drop(session);
    return frames;
  }

  function drop(session: Session): void {
    const { ephemeral } = session;
    for (const users of ephemeral?.typists.values() ?? []) tally.dropped += users.size;
    ephemeral?.typists.clear();
  }
}

// ---

/** Conversations in which one session may be typing at a time. */
const typedMax = 16;
