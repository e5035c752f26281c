/**
 * Keeps a sender's own order when an operation has to be repeated. Once an operation of a conversation was refused for
 * the moment (`busy`, `databaseDown`, `uncertain`), those sent after it, which may be queued here or still on the wire,
 * must not be written before its repetition. So they are refused as well, and all are let through again only in the
 * order in which they came first. A client that gives one up waits `repeatFirstMs`, then the fence falls.
 */
import type { Ms } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { ClientId } from '../protocol/ids.ts';

/** One fence: of one session in one conversation. */
export interface Fence {
  /** To be repeated, in the order of their first arrival. */
  readonly held: Held[];
  /** So many from the front have been let through again and are being written. */
  released: number;
  until: Ms;
}

interface Held {
  readonly clientId: ClientId;
  readonly arrival: number;
}

/** An operation as a fence sees it. `arrival` counts the operations of the session. */
export interface Fenced {
  readonly clientId: ClientId;
  readonly arrival: number;
}

/** After these the client repeats the operation with the same client id. */
export function isRepeatable(code: ErrorCode): boolean {
  return code === 'busy' || code === 'databaseDown' || code === 'uncertain';
}

export function createFence(until: Ms): Fence {
  return { held: [], released: 0, until };
}

/** May an operation that has just arrived go on? It may when nothing stands before it. */
export function enter(fence: Fence, clientId: ClientId): boolean {
  const place = placeOf(fence, clientId);
  if (place === -1 || place > fence.released) return false;
  if (place === fence.released) fence.released++;
  return true;
}

/** May an operation that went on earlier be written now? Not when one before it failed meanwhile. */
export function mayBeWritten(fence: Fence, operation: Fenced): boolean {
  const first = fence.held[0];
  if (first === undefined || operation.arrival < first.arrival) return true;
  const place = placeOf(fence, operation.clientId);
  return place !== -1 && place < fence.released;
}

/** The operation was refused for the moment: it, and what came after it, waits for its repetition. */
export function hold(fence: Fence, operation: Fenced): void {
  const known = placeOf(fence, operation.clientId);
  const place = known === -1 ? insert(fence, operation) : known;
  fence.released = Math.min(fence.released, place);
}

/** The operation has its final answer. True when the fence has no purpose any more. */
export function settle(fence: Fence, clientId: ClientId): boolean {
  const place = placeOf(fence, clientId);
  if (place !== -1) {
    fence.held.splice(place, 1);
    if (place < fence.released) fence.released--;
  }
  return fence.held.length === 0;
}

// ---

function placeOf(fence: Fence, clientId: ClientId): number {
  return fence.held.findIndex((held) => held.clientId === clientId);
}

function insert(fence: Fence, operation: Fenced): number {
  let place = fence.held.length;
  while (place > 0 && fence.held[place - 1]!.arrival > operation.arrival) place--;
  fence.held.splice(place, 0, { clientId: operation.clientId, arrival: operation.arrival });
  return place;
}
