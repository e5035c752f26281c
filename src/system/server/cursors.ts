import type { Cursor } from '../database/store.ts';
import type { ConversationId, Seq } from '../protocol/ids.ts';
import { type Ground, logFailure } from './ground.ts';
import type { Feed } from './rooms.ts';
import type { Session } from './session.ts';

/** Gathers acks, one per feed however many come, and writes them together. */
export interface Cursors {
  /** What was never sent cannot be acknowledged: `upTo` counts up to there at most. */
  ack(feed: Feed, upTo: Seq): void;
  acked(session: Session, conversation: ConversationId, upTo: Seq): void;
  /** Writes what is due. Resolves also when that failed. */
  flush(): Promise<void>;
}

/** `stored` hears of each cursor that was written. */
export function createCursors(ground: Ground, stored: (feed: Feed, upTo: Seq) => void): Cursors {
  const { clock, settings, store } = ground;
  let due: Feed[] = [];
  let armed = false;
  let writing: Promise<void> | null = null;

  return { ack, acked, flush };

  function acked(session: Session, conversation: ConversationId, upTo: Seq): void {
    const feed = session.feeds.get(conversation);
    if (feed !== undefined) ack(feed, upTo);
  }

  function ack(feed: Feed, upTo: Seq): void {
    const counts = Math.min(upTo, feed.sent) as Seq;
    if (counts <= feed.acked) return;
    feed.acked = counts;
    if (feed.ackDue) return;
    feed.ackDue = true;
    due.push(feed);
    arm(settings.ackFlushMs);
  }

  function arm(delayMs: number): void {
    if (armed) return;
    armed = true;
    clock.after(delayMs, () => {
      armed = false;
      void flush();
    });
  }

  async function flush(): Promise<void> {
    if (writing !== null) await writing;
    writing = write();
    await writing;
    writing = null;
    if (due.length > 0) arm(settings.ackFlushMs);
  }

  async function write(): Promise<void> {
    while (due.length > 0) {
      const feeds = due.splice(0, rowsMax);
      for (const feed of feeds) feed.ackDue = false;
      const cursors = feeds.map(cursorOf);
      try {
        await store.moveCursors(cursors);
      } catch (error) {
        logFailure(ground, 'Cursors could not be written; it is tried again.', error);
        for (const feed of feeds) feed.ackDue = true;
        due = [...new Set([...feeds, ...due])];
        return;
      }
      for (const [i, feed] of feeds.entries()) stored(feed, cursors[i]!.upTo);
    }
  }
}

// ---

/** Rows of one statement. */
const rowsMax = 1000;

function cursorOf(feed: Feed): Cursor {
  return { device: feed.session.who!.device, conversation: feed.room.id, upTo: feed.acked };
}
