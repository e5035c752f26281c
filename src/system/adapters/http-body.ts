import type { IncomingMessage } from 'node:http';
import type { Ms } from '../ports.ts';

/** The text of a body, or why there is none. */
export type Body = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'tooLarge' | 'late' | 'broken' };

/**
 * Reads a body of at most `bytesMax` that is there within `withinMs`. A larger one is read on and thrown away up to sixteen times that, for a sender who
 * is cut off in the middle of sending never sees the answer.
 */
export function readBody(
  request: IncomingMessage,
  { bytesMax, withinMs }: { readonly bytesMax: number; readonly withinMs: Ms },
): Promise<Body> {
  return new Promise((settle) => {
    const timer = setTimeout(() => resolve({ kind: 'late' }), withinMs);
    const resolve = (body: Body): void => {
      clearTimeout(timer);
      settle(body);
    };
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else chunks.length = 0;
      if (bytes > discardFactor * bytesMax) resolve({ kind: 'tooLarge' });
    });
    request.on('end', () => {
      if (bytes > bytesMax) resolve({ kind: 'tooLarge' });
      else resolve({ kind: 'text', text: Buffer.concat(chunks).toString('utf8') });
    });
    request.on('error', () => resolve({ kind: 'broken' }));
    request.on('close', () => resolve({ kind: 'broken' }));
  });
}

// ---

const discardFactor = 16;
