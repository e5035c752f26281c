import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ByteStream, Ms } from '../ports.ts';

/** How slow the other side of a stream may be. */
export interface ByteTimes {
  /** Longest time without a byte. */
  readonly stallMs: Ms;
  /** Longest time in all. */
  readonly transferMs: Ms;
}

/** The body of a request, read as it is asked for. Letting go of it early leaves the connection as it is. */
export function incomingBytes(request: IncomingMessage, times: ByteTimes): ByteStream {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  // Errors show as an end that comes too early.
  request.on('error', () => {});
  return { length: Number.isNaN(length) ? null : length, pieces: piecesOf(request, times) };
}

/**
 * Writes an answer's bytes no faster than they are taken. When they end early or are taken too slowly, cuts the connection
 * and says why.
 */
export async function sendBytes(
  response: ServerResponse,
  { pieces }: ByteStream,
  times: ByteTimes,
): Promise<string | null> {
  const untilMs = performance.now() + times.transferMs;
  try {
    for await (const piece of pieces) {
      if (response.destroyed) return null;
      if (performance.now() > untilMs) throw new Error(`it was not over within ${times.transferMs} ms`);
      if (!response.write(piece)) await happens(response, ['drain'], times, untilMs);
    }
    response.end();
    if (!response.writableFinished) await happens(response, ['finish'], times, untilMs);
    return null;
  } catch (error) {
    // The length was announced: who reads sees that this is not all.
    response.destroy();
    return error instanceof Error ? error.message : String(error);
  }
}

/** Reads on and throws away, for a while: a sender who is cut off in the middle of sending never sees the answer. */
export async function discardRest(request: IncomingMessage, times: ByteTimes, bytesMax: number): Promise<void> {
  let bytes = 0;
  try {
    for await (const piece of piecesOf(request, times)) {
      bytes += piece.length;
      if (bytes > bytesMax) return;
    }
  } catch {
    // It was not wanted anyway.
  }
}

/** Resolves when a stream takes more, when `instead` happens, or when it is closed. */
export function drained(stream: Stream, instead: string): Promise<void> {
  return first(stream, ['drain', instead, 'close']);
}

// ---

async function* piecesOf(request: IncomingMessage, times: ByteTimes): AsyncGenerator<Uint8Array, void, void> {
  const untilMs = performance.now() + times.transferMs;
  for (;;) {
    if (performance.now() > untilMs) throw new Error(`it was not over within ${times.transferMs} ms`);
    const piece = request.read() as Buffer | null;
    if (piece !== null) yield piece;
    else if (request.readableEnded) return;
    else if (request.destroyed) throw new Error('the connection was lost');
    else await happens(request, ['readable', 'end'], times, untilMs);
  }
}

/** Resolves with the first of the events, or when the stream is closed; rejects when it takes too long. */
async function happens(stream: Stream, events: readonly string[], { stallMs }: ByteTimes, untilMs: Ms): Promise<void> {
  const withinMs = Math.round(Math.min(stallMs, Math.max(0, untilMs - performance.now())));
  const tooLong = new AbortController();
  const timer = setTimeout(() => tooLong.abort(), withinMs);
  await first(stream, [...events, 'close'], tooLong.signal);
  clearTimeout(timer);
  if (tooLong.signal.aborted) throw new Error(`nothing moved for ${withinMs} ms`);
}

type Stream = Pick<NodeJS.EventEmitter, 'on' | 'off'> & { readonly destroyed: boolean };

function first(stream: Stream, events: readonly string[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve();
    const happened = (): void => {
      for (const event of events) stream.off(event, happened);
      signal?.removeEventListener('abort', happened);
      resolve();
    };
    for (const event of events) stream.on(event, happened);
    signal?.addEventListener('abort', happened);
  });
}
