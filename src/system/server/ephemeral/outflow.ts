import { type Ground, pause } from '../ground.ts';
import type { Session } from '../session.ts';
import { createPacer } from './pacer.ts';
import type { Tally } from './tally.ts';

/**
 * Says ephemeral news to sessions, once in a window and only where nothing else waits to be sent: what a busy or slow
 * session is owed stays, one piece of news for each subject however often it changes, until its socket has drained.
 */
export interface Outflow {
  /** Something is to be said to this session. */
  owe(session: Session): void;
  left(session: Session): void;
  /** Sessions that something is to be said to. */
  readonly waiting: number;
}

/** One kind of news. */
export interface Source {
  /** Takes out what can be said to the session now, at most `framesMax`. */
  take(session: Session, framesMax: number): readonly string[];
  /** Whether something is left. */
  owes(session: Session): boolean;
  /** Nothing can be said to the session now: gives up what would be no news later. */
  miss?(session: Session): void;
}

interface Parts {
  write(session: Session, frame: string): void;
  /** In the order of their importance. */
  readonly sources: readonly Source[];
  readonly tally: Tally;
}

export function createOutflow(ground: Ground, { write, sources, tally }: Parts): Outflow {
  const due = new Set<Session>();
  const pacer = createPacer(ground.clock, ground.settings.ephemeralWindowMs, flush);

  return {
    owe(session) {
      due.add(session);
      pacer.wake();
    },
    left: (session) => void due.delete(session),
    get waiting() {
      return due.size;
    },
  };

  async function flush(): Promise<void> {
    let served = 0;
    for (const session of [...due]) {
      // Others may come in between: a message does not wait until everybody has been told everything.
      if (++served % sessionsPerTurn === 0) await pause(ground.clock, 0);
      if (!due.has(session)) continue;
      if (!isIdle(session)) for (const source of sources) source.miss?.(session);
      serve(session);
    }
    if (due.size > 0) pacer.wake();
  }

  function serve(session: Session): void {
    const frames: string[] = [];
    for (const source of isIdle(session) ? sources : []) {
      frames.push(...source.take(session, framesPerSession - frames.length));
    }
    for (const frame of frames) write(session, frame);
    tally.delivered += frames.length;
    if (!sources.some((source) => source.owes(session))) due.delete(session);
  }
}

// ---

const sessionsPerTurn = 100;
/** Frames for one session in one window. */
const framesPerSession = 64;

function isIdle(session: Session): boolean {
  return session.state === 'open' && session.caughtUp && session.slowSince === 0 && session.socket.bufferedBytes === 0;
}
