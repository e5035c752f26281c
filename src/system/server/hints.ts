import type { Bus, EntryHint, Hint } from '../database/bus.ts';
import type { ConversationId, Seq, UserId } from '../protocol/ids.ts';
import type { Memberships } from './memberships.ts';
import type { Recheck } from './recheck.ts';
import type { Rooms } from './rooms.ts';
import type { Directory } from './session.ts';
import { hintedParcel, type Parcel } from './write-frame.ts';

/** What is told to other servers about one commit, and what is done with what they tell. */
export interface Hints {
  committed(conversation: ConversationId, parcel: Parcel, affected?: readonly UserId[]): void;
  /** Committed earlier, perhaps by a server that could not tell any more. */
  heard(conversation: ConversationId, seq: Seq): void;
  /** Sessions of the user have ended. */
  sessionsEnded(user: UserId): void;
  /** Sends what was gathered; call it once after each commit. */
  publish(): void;
  receive(hints: readonly Hint[]): void;
}

interface Parts {
  readonly bus: Bus;
  readonly frameCharsMax: number;
  readonly rooms: Rooms;
  readonly memberships: Memberships;
  readonly directory: Directory;
  readonly recheck: Recheck;
}

export function createHints({ bus, frameCharsMax, rooms, memberships, directory, recheck }: Parts): Hints {
  let gathered: EntryHint[] = [];
  /** Large entries of one conversation need one hint only: the last. */
  const large = new Map<ConversationId, Seq>();

  return { committed, heard, sessionsEnded, publish, receive };

  function committed(conversation: ConversationId, parcel: Parcel, affected?: readonly UserId[]): void {
    const { seq, text } = parcel;
    if (text.length <= frameCharsMax) gathered.push({ conversation, seq, frame: text, ...(affected && { affected }) });
    else if (affected) gathered.push({ conversation, seq, affected });
    else heard(conversation, seq);
  }

  function heard(conversation: ConversationId, seq: Seq): void {
    large.set(conversation, Math.max(large.get(conversation) ?? 0, seq) as Seq);
  }

  function sessionsEnded(user: UserId): void {
    recheck.user(user);
    bus.publish([{ ended: user }]);
  }

  function publish(): void {
    for (const [conversation, seq] of large) gathered.push({ conversation, seq });
    large.clear();
    if (gathered.length === 0) return;
    bus.publish(gathered);
    gathered = [];
  }

  function receive(hints: readonly Hint[]): void {
    for (const hint of hints) {
      if ('ended' in hint) {
        recheck.user(hint.ended);
        continue;
      }
      const { conversation, seq, frame, affected } = hint;
      // A connection learns by `accepted` only what it sent itself, and that was answered here, not by the hint's sender.
      if (frame === undefined) rooms.heard(conversation, seq);
      else rooms.offer(conversation, hintedParcel(seq, frame));
      for (const user of affected ?? []) {
        for (const session of directory.ofUser(user)) memberships.touched(session, conversation);
      }
    }
  }
}
