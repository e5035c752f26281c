import type { Socket } from 'node:net';
import type { Random } from '../../system/index.ts';
import type { LinkBehaviour } from './behaviour.ts';
import { createPacing } from './pacing.ts';

/** One direction of a connection. */
export interface Pump {
  /** Looks again at what may go on, after the behaviour has changed. */
  wake(): void;
  /** Nothing more goes on; what comes in is lost. */
  stop(): void;
}

/** More than this is not held; the sender is made to wait, as by a full window. */
const heldBytesMax = 1024 * 1024;

interface Held {
  readonly dueMs: number;
  readonly bytes: number;
  readonly act: () => void;
}

/** Carries what `source` says to `sink`, its end and its breaking off too, as the behaviour of the moment has it. */
export function createPump(source: Socket, sink: Socket, behaviour: () => LinkBehaviour, random: Random): Pump {
  const pacing = createPacing(random);
  const held: Held[] = [];
  let heldBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function take(bytes: number, act: () => void): void {
    if (stopped) return;
    held.push({ dueMs: pacing.dueMs(performance.now(), bytes, behaviour()), bytes, act });
    heldBytes += bytes;
    if (heldBytes > heldBytesMax) source.pause();
    wake();
  }

  function wake(): void {
    clearTimeout(timer);
    if (stopped || behaviour().kind === 'cut') return;
    for (let next = held[0]; next !== undefined; next = held[0]) {
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        timer = setTimeout(wake, Math.ceil(waitMs));
        return;
      }
      held.shift();
      heldBytes -= next.bytes;
      next.act();
    }
    if (!sink.writableNeedDrain) source.resume();
  }

  source.on('data', (piece: Buffer) =>
    take(piece.length, () => {
      if (sink.writable && !sink.write(piece)) source.pause();
    }),
  );
  sink.on('drain', wake);
  source.on('end', () => take(0, () => sink.end()));
  source.on('error', () => {});
  source.on('close', () => take(0, () => (source.errored ? sink.resetAndDestroy() : sink.destroySoon())));
  return {
    wake,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      held.length = 0;
    },
  };
}
