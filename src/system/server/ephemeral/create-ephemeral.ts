import type { Bus } from '../../database/bus.ts';
import type { NewsSignal } from '../../database/signal.ts';
import type { ClientFrame } from '../../protocol/frames.ts';
import type { Seq, UserId, UserName } from '../../protocol/ids.ts';
import type { Ground } from '../ground.ts';
import type { Feed, Room, Rooms } from '../rooms.ts';
import type { Directory, Session, SessionPort } from '../session.ts';
import { createOutflow, type Outflow } from './outflow.ts';
import { createPresence } from './presence.ts';
import { createReads } from './reads.ts';
import { createReceipts, type Receipts } from './receipts.ts';
import { createSignals, type Signals } from './signals.ts';
import { type EphemeralStats, newTally, statsOf } from './tally.ts';
import { createTyping, type Typing } from './typing.ts';
import { createWatches, type Watches } from './watches.ts';

/** Everything that is told besides entries: receipts, typing and presence. */
export interface EphemeralNews {
  start(): void;
  receive(session: Session, frame: EphemeralFrame): void;
  identified(session: Session): void;
  left(session: Session): void;
  joined(feed: Feed): void;
  /** The membership of the feed's user is over. */
  ended(feed: Feed): void;
  /** These, or nobody knows who, left the room. */
  went(room: Room, names: readonly UserName[] | null): void;
  /** A cursor of the feed's device was stored. */
  delivered(feed: Feed, upTo: Seq): void;
  /** Writes what is to survive. */
  flush(): Promise<void>;
  stats(): EphemeralStats;
}

export type EphemeralFrame = Extract<ClientFrame, { type: 'read' | 'typing' | 'presence' }>;

interface Parts {
  readonly bus: Bus;
  readonly rooms: Rooms;
  readonly sessions: SessionPort;
  readonly directory: Directory;
}

export function createEphemeral(ground: Ground, { bus, rooms, sessions, directory }: Parts): EphemeralNews {
  const tally = newTally();
  const signals: Signals = createSignals(ground, { bus, tally, receive: heard });
  const parts = { rooms, signals, tally, outflow: () => outflow };
  const receipts: Receipts = createReceipts(ground, parts);
  const typing: Typing = createTyping(ground, parts);
  const watches: Watches = createWatches(ground, parts);
  const sources = [receipts, typing, watches];
  const outflow: Outflow = createOutflow(ground, { write: sessions.write, sources, tally });
  const presence = createPresence(ground, { directory, changed });
  const reads = createReads(ground, {
    tally,
    stored: (feed, upTo) => receipts.moved(feed, { delivered: upTo, read: upTo }),
  });
  const queues = [outflow, receipts, watches, presence, reads, signals];

  return {
    start() {
      signals.start();
      watches.start();
      presence.start();
    },
    receive(session, frame) {
      tally.received++;
      if (frame.type === 'read') reads.receive(session, frame);
      else if (frame.type === 'typing') typing.receive(session, frame);
      else watches.receive(session, frame);
    },
    identified(session) {
      ask(session, 1);
      presence.came(session);
      watches.identified(session);
    },
    left(session) {
      watches.left(session);
      if (session.who === null) return;
      ask(session, -1);
      presence.left(session);
      outflow.left(session);
    },
    joined(feed) {
      receipts.joined(feed);
      watches.joined(feed.session);
    },
    ended: (feed) => watches.ended(feed.session),
    went: watches.went,
    delivered: (feed, upTo) => receipts.moved(feed, { delivered: upTo, read: 0 as Seq }),
    flush: reads.flush,
    stats: () =>
      statsOf(tally, {
        dropped: bus.signalsDropped,
        queued: queues.reduce((sum, { waiting }) => sum + waiting, 0),
      }),
  };

  function ask({ ephemeral }: Session, by: 1 | -1): void {
    if (ephemeral?.receipts) signals.ask('receipts', by);
    if (ephemeral?.typing) signals.ask('typing', by);
  }

  function heard(signal: NewsSignal): void {
    if (signal.kind === 'receipt') receipts.heard(signal);
    else if (signal.kind === 'typing') typing.heard(signal);
    else watches.changed(signal.users);
  }

  function changed(users: readonly UserId[]): void {
    watches.changed(users);
    if (signals.isWanted('presence')) signals.sendPresence(users);
  }
}
