import type { Cancel } from '../../ports.ts';
import type { ErrorCode } from '../../protocol/errors.ts';

/** When transfers of images may go on: while one is online, and not after the messenger was closed. */
export interface Transfers {
  /** Aborted when one goes offline; another one after. */
  readonly going: AbortSignal;
  /** Aborted when the messenger is closed. */
  readonly open: AbortSignal;
  online(): void;
  halt(): void;
  close(): void;
  nextOnline(signal: AbortSignal): Promise<void>;
}

export function createTransfers(): Transfers {
  const open = new AbortController();
  let going = new AbortController();
  const waiting = new Set<() => void>();

  return {
    get going() {
      return going.signal;
    },
    open: open.signal,
    online() {
      if (going.signal.aborted) going = new AbortController();
      for (const wake of [...waiting]) wake();
      waiting.clear();
    },
    halt: () => going.abort(),
    close: () => open.abort(),
    nextOnline: (signal) => until(signal, joining(waiting)),
  };
}

/** A few works at once, begun in the order of the calls. */
export interface Slots {
  /** Works that have begun or wait. */
  readonly size: number;
  /** Rejects with the signal's reason when that is aborted before the work's turn. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createSlots(max: number): Slots {
  const waiting = new Set<() => void>();
  let busy = 0;

  return {
    get size() {
      return busy + waiting.size;
    },
    async run(work, signal) {
      if (busy < max) busy++;
      else await until(signal, joining(waiting));
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };

  /** Hands the place on. */
  function leave(): void {
    const [next] = waiting;
    if (next === undefined) {
      busy--;
      return;
    }
    waiting.delete(next);
    next();
  }
}

/** Resolves when `done` is called, later; takes the wait back and rejects with the signal's reason when that comes first. */
export function until(signal: AbortSignal, begin: (done: () => void) => Cancel): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const aborted = () => {
      takeBack();
      reject(signal.reason);
    };
    const takeBack = begin(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    signal.addEventListener('abort', aborted, { once: true });
  });
}

/** The signal of several, where some may be missing. */
export function anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

/** Refusals after which another attempt may go better. */
export const passingCodes: ReadonlySet<ErrorCode | null> = new Set<ErrorCode>([
  'busy',
  'databaseDown',
  'uncertain',
  'tooMany',
]);

// ---

function joining(waiting: Set<() => void>): (done: () => void) => Cancel {
  return (done) => {
    waiting.add(done);
    return () => void waiting.delete(done);
  };
}
