import type { ReadPointer } from '../../database/receipt-store.ts';
import type { ClientFrame } from '../../protocol/frames.ts';
import type { Seq } from '../../protocol/ids.ts';
import { type Ground, logFailure } from '../ground.ts';
import type { Feed } from '../rooms.ts';
import type { Session } from '../session.ts';
import { createPacer } from './pacer.ts';
import type { Tally } from './tally.ts';

/** Gathers `read` frames, one per feed however many come, and writes them together. */
export interface Reads {
  receive(session: Session, frame: Extract<ClientFrame, { type: 'read' }>): void;
  /** Writes what is due. Resolves also when that failed. */
  flush(): Promise<void>;
  /** Pointers that wait to be written. */
  readonly waiting: number;
}

interface Parts {
  readonly tally: Tally;
  /** The pointer is stored. */
  stored(feed: Feed, upTo: Seq): void;
}

export function createReads(ground: Ground, { tally, stored }: Parts): Reads {
  const { settings, store } = ground;
  const due = new Map<Feed, Seq>();
  const pacer = createPacer(ground.clock, settings.ephemeralWindowMs, flush);

  return {
    receive,
    flush,
    get waiting() {
      return due.size;
    },
  };

  function receive(session: Session, { conversation, upTo }: Extract<ClientFrame, { type: 'read' }>): void {
    const feed = session.feeds.get(conversation);
    if (feed === undefined || !feed.member || feed.state === 'ended') {
      tally.dropped++;
      return;
    }
    const before = due.get(feed);
    if (upTo <= Math.max(feed.read, before ?? 0)) tally.coalesced++;
    else if (before === undefined && due.size >= settings.ephemeralQueueMax) tally.dropped++;
    else {
      if (before !== undefined) tally.coalesced++;
      due.set(feed, upTo);
      pacer.wake();
    }
  }

  async function flush(): Promise<void> {
    while (due.size > 0) {
      const feeds = [...due.keys()].slice(0, rowsMax);
      const asked = feeds.map((feed) => due.get(feed)!);
      for (const feed of feeds) due.delete(feed);
      // What was asked for is compared with what was sent as late as this: an own message is accepted before it is passed.
      const moves = feeds.map((feed, i) => pointerOf(feed, asked[i]!));
      try {
        await store.receipts.moveReads(moves);
      } catch (error) {
        logFailure(ground, 'Read pointers could not be written; it is tried again.', error);
        for (const [i, feed] of feeds.entries()) due.set(feed, Math.max(due.get(feed) ?? 0, asked[i]!) as Seq);
        pacer.wake(settings.retryMs);
        return;
      }
      for (const [i, feed] of feeds.entries()) settle(feed, moves[i]!);
    }
  }

  function settle(feed: Feed, { upTo }: ReadPointer): void {
    if (upTo <= feed.read) return;
    feed.read = upTo;
    stored(feed, upTo);
  }
}

// ---

/** Rows of one statement. */
const rowsMax = 1000;

function pointerOf(feed: Feed, upTo: Seq): ReadPointer {
  return { user: feed.session.who!.user, conversation: feed.room.id, upTo: Math.min(upTo, feed.sent) as Seq };
}
