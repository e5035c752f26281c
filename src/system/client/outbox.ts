import type { ErrorCode } from '../protocol/errors.ts';
import type { ClientId, ConversationId } from '../protocol/ids.ts';

/** One operation that waits for its answer. */
export interface Operation {
  readonly clientId: ClientId;
  /** Operations of one conversation go one after the other; null: after none. */
  readonly conversation: ConversationId | null;
  readonly openDirect: boolean;
  /** As it goes on the wire, each time the same. */
  readonly frame: string;
  /** `waiting` for an earlier one of its conversation, `ready` to go, `onWire`, or `postponed` by a refusal that may pass. */
  stage: 'waiting' | 'ready' | 'onWire' | 'postponed';
  sentBefore: boolean;
  /** The following operation of its conversation. */
  next: Operation | null;
}

/**
 * Every operation that has not been answered, in the order in which it was asked for. At most one of each conversation
 * is on the wire. Otherwise a server may refuse one for now (`busy`) and accept the next, or the refusal of one may be
 * lost with the connection and its repetition be accepted after the next: the sender's order would be gone.
 */
export class Outbox {
  private readonly operations = new Map<ClientId, Operation>();
  private readonly lastOf = new Map<ConversationId, Operation>();
  private ready: Operation[] = [];
  private postponed: Operation[] = [];
  private onWire = 0;

  get size(): number {
    return this.operations.size;
  }

  has(clientId: ClientId): boolean {
    return this.operations.has(clientId);
  }

  add(order: Pick<Operation, 'clientId' | 'conversation' | 'openDirect' | 'frame'>): void {
    const before = order.conversation === null ? undefined : this.lastOf.get(order.conversation);
    const operation: Operation = { ...order, stage: before ? 'waiting' : 'ready', sentBefore: false, next: null };
    this.operations.set(operation.clientId, operation);
    if (operation.conversation !== null) this.lastOf.set(operation.conversation, operation);
    if (before) before.next = operation;
    else this.ready.push(operation);
  }

  /** The next operation for the wire, while fewer than `onWireMax` are there; null when there is none. */
  take(onWireMax: number): Operation | null {
    if (this.onWire >= onWireMax) return null;
    const operation = this.ready.shift();
    if (!operation) return null;
    operation.stage = 'onWire';
    this.onWire++;
    return operation;
  }

  /** Removes an operation that is answered for good; undefined if it was before. */
  settle(clientId: ClientId): Operation | undefined {
    const operation = this.operations.get(clientId);
    if (!operation) return undefined;
    this.operations.delete(clientId);
    this.unlist(operation);
    if (operation.next) this.makeReady(operation.next);
    else if (operation.conversation !== null) this.lastOf.delete(operation.conversation);
    return operation;
  }

  /** A refusal that may pass: keeps the operation, and with it all later ones of its conversation, until `resume`. */
  postpone(clientId: ClientId): boolean {
    const operation = this.operations.get(clientId);
    if (operation?.stage !== 'onWire') return false;
    this.onWire--;
    operation.stage = 'postponed';
    this.postponed.push(operation);
    return true;
  }

  resume(): void {
    for (const operation of this.postponed) this.makeReady(operation);
    this.postponed = [];
  }

  /** The connection is gone, and with it every answer that was under way: all is to be repeated, in the first order. */
  rewind(): void {
    this.postponed = [];
    this.ready = [];
    this.onWire = 0;
    for (const operation of this.operations.values()) if (operation.stage !== 'waiting') this.makeReady(operation);
  }

  private makeReady(operation: Operation): void {
    operation.stage = 'ready';
    this.ready.push(operation);
  }

  private unlist(operation: Operation): void {
    if (operation.stage === 'onWire') this.onWire--;
    if (operation.stage === 'ready') this.ready = this.ready.filter((other) => other !== operation);
    if (operation.stage === 'postponed') this.postponed = this.postponed.filter((other) => other !== operation);
  }
}

/** Refusals that may pass by themselves. Repeating with the same client id cannot do the operation twice. */
export function mayPass(code: ErrorCode): boolean {
  return code === 'busy' || code === 'tooMany' || code === 'databaseDown' || code === 'uncertain';
}
