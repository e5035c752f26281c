import type { Bus } from '../../database/bus.ts';
import type { ClientFrame } from '../../protocol/frames.ts';
import type { Seq } from '../../protocol/ids.ts';
import type { Ground } from '../ground.ts';
import type { Feed, Rooms } from '../rooms.ts';
import type { Session, SessionPort } from '../session.ts';
import { createOutflow, type Outflow } from './outflow.ts';
import { createReads } from './reads.ts';
import { createReceipts, type Receipts } from './receipts.ts';
import { createSignals, type Signals } from './signals.ts';
import { type EphemeralStats, newTally, statsOf } from './tally.ts';
import { createTyping, type Typing } from './typing.ts';

/** Everything that is told besides entries: receipts and typing. */
export interface EphemeralNews {
  start(): void;
  receive(session: Session, frame: EphemeralFrame): void;
  identified(session: Session): void;
  left(session: Session): void;
  joined(feed: Feed): void;
  /** A cursor of the feed's device was stored. */
  delivered(feed: Feed, upTo: Seq): void;
  /** Writes what is to survive. */
  flush(): Promise<void>;
  stats(): EphemeralStats;
}

export type EphemeralFrame = Extract<ClientFrame, { type: 'read' | 'typing' }>;

interface Parts {
  readonly bus: Bus;
  readonly rooms: Rooms;
  readonly sessions: SessionPort;
}

export function createEphemeral(ground: Ground, { bus, rooms, sessions }: Parts): EphemeralNews {
  const tally = newTally();
  const signals: Signals = createSignals(ground, {
    bus,
    tally,
    receive: (signal) => (signal.kind === 'receipt' ? receipts.heard(signal) : typing.heard(signal)),
  });
  const parts = { rooms, signals, tally, outflow: () => outflow };
  const receipts: Receipts = createReceipts(ground, parts);
  const typing: Typing = createTyping(ground, parts);
  const outflow: Outflow = createOutflow(ground, { write: sessions.write, sources: [receipts, typing], tally });
  const reads = createReads(ground, {
    tally,
    stored: (feed, upTo) => receipts.moved(feed, { delivered: upTo, read: upTo }),
  });

  return {
    start: signals.start,
    receive(session, frame) {
      tally.received++;
      if (frame.type === 'read') reads.receive(session, frame);
      else typing.receive(session, frame);
    },
    identified: (session) => ask(session, 1),
    left(session) {
      if (session.who === null) return;
      ask(session, -1);
      outflow.left(session);
    },
    joined: receipts.joined,
    delivered: (feed, upTo) => receipts.moved(feed, { delivered: upTo, read: 0 as Seq }),
    flush: reads.flush,
    stats: () =>
      statsOf(tally, {
        dropped: bus.signalsDropped,
        queued: outflow.size + reads.waiting + receipts.waiting + signals.waiting,
      }),
  };

  function ask({ ephemeral }: Session, by: 1 | -1): void {
    if (ephemeral?.receipts) signals.ask('receipts', by);
    if (ephemeral?.typing) signals.ask('typing', by);
  }
}
