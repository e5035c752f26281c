import type { Outcome, Send } from '../database/store.ts';
import { StoreFailure } from '../database/store.ts';
import type { Ms } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { OperationFrame } from '../protocol/frames.ts';
import type { ClientId, ConversationId, Seq } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { changeOf } from './change-of.ts';
import { isRepeatable } from './fence.ts';
import { createFences } from './fences.ts';
import { type Ground, logFailure } from './ground.ts';
import { createGroupCommit } from './group-commit.ts';
import type { Hints } from './hints.ts';
import { createLimiter } from './limiter.ts';
import type { Memberships } from './memberships.ts';
import type { Quotas } from './quotas.ts';
import type { Rooms } from './rooms.ts';
import type { Refusal, Session, SessionPort } from './session.ts';
import type { SpreadChange } from './spread-change.ts';
import { createStaleAnswers } from './stale.ts';
import type { Stats } from './stats.ts';
import { acceptedText, messageParcel, refusedText } from './write-frame.ts';

/** One operation of a client, from its arrival to its answer. */
export interface Operation {
  readonly session: Session;
  readonly frame: OperationFrame;
  readonly clientId: ClientId;
  readonly arrival: number;
  readonly bytes: number;
  readonly since: Ms;
}

interface Message extends Operation {
  readonly send: Send;
}

/**
 * Writes what clients ask for and answers after the commit. Operations of one session keep their order: messages go into
 * batches, a change of membership waits for the messages before it and holds up what comes after it.
 */
export interface Operations {
  receive(session: Session, frame: OperationFrame, bytes: number): void;
  /** The session has become `open` or was closed: what it sent meanwhile goes on or is forgotten. */
  resume(session: Session): void;
  /** From now on everything is refused with `busy`. */
  stop(): void;
  readonly inFlight: number;
}

interface Parts {
  readonly sessions: SessionPort;
  readonly quotas: Quotas;
  readonly rooms: Rooms;
  readonly memberships: Memberships;
  readonly hints: Hints;
  readonly stats: Stats;
  readonly spreadChange: SpreadChange;
}

export function createOperations(ground: Ground, parts: Parts): Operations {
  const { clock, settings, store } = ground;
  const { sessions, quotas, rooms, memberships, hints, stats, spreadChange } = parts;
  const changes = createLimiter(settings.changesMax);
  const batches = createGroupCommit<Message>(ground, { mayWrite, committed, failed });
  const fences = createFences(clock, settings.repeatFirstMs);
  const staleAnswers = createStaleAnswers(clock, parts);
  let inFlight = 0;
  let bytesInFlight = 0;
  let stopped = false;

  return {
    receive,
    resume,
    stop: () => {
      stopped = true;
      staleAnswers.release();
    },
    get inFlight() {
      return inFlight;
    },
  };

  function receive(session: Session, frame: OperationFrame, bytes: number): void {
    const { clientId } = frame;
    const operation = { session, frame, clientId, arrival: session.arrivals++, bytes, since: clock.now() };
    const obstacle = whyNot(operation);
    if (obstacle !== null) {
      refuseNow(operation, { code: 'busy', detail: obstacle });
      return;
    }
    const retryAfterMs = quotas.operation(session, frame, operation.since);
    if (retryAfterMs > 0) {
      refuseNow(operation, { code: 'tooMany', detail: 'This user or address does it too often.', retryAfterMs });
      return;
    }
    session.inFlight++;
    inFlight++;
    bytesInFlight += bytes;
    if (session.lane !== null) session.lane.push(operation);
    else if (frame.type === 'send') write(operation, frame);
    else {
      session.lane = [operation];
      pump(session);
    }
  }

  function whyNot(operation: Operation): string | null {
    const { session, bytes } = operation;
    if (stopped) return 'The server is draining.';
    if (session.inFlight >= limits.inFlightPerSessionMax)
      return 'Too many operations of this connection wait for an answer.';
    if (inFlight >= settings.queueMax || bytesInFlight + bytes > settings.queueBytesMax) return 'The server is full.';
    return fences.enter(operation) ? null : repeatFirst;
  }

  function refuseNow(operation: Operation, refusal: Omit<Refusal, 'clientId'>): void {
    const { session, clientId } = operation;
    if (!stopped) fences.hold(operation);
    sessions.refuse(session, { clientId, ...refusal });
  }

  // --- messages

  function write(operation: Operation, frame: Extract<OperationFrame, { type: 'send' }>): void {
    const { session } = operation;
    session.sending++;
    const { clientId, conversation, epoch, payload } = frame;
    const send = { by: session.who!, clientId, at: clock.wall(), conversation, epoch, payload };
    batches.add({ ...operation, send });
  }

  function mayWrite(message: Message): boolean {
    if (fences.passes(message)) return true;
    message.session.sending--;
    refuse(message, 'busy', repeatFirst);
    pump(message.session);
    return false;
  }

  function committed(messages: readonly Message[], outcomes: readonly Outcome[], tookMs: Ms): void {
    stats.batch(tookMs);
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!;
      message.session.sending--;
      answer(message, outcomes[i]!, message.send);
      if (message.session.lane !== null) pump(message.session);
    }
    hints.publish();
  }

  function failed(messages: readonly Message[], error: unknown): void {
    logFailure(ground, 'A batch could not be written.', error);
    for (const message of messages) {
      message.session.sending--;
      refuse(message, failureCode(error));
    }
    for (const { session } of messages) if (session.lane !== null) pump(session);
  }

  // --- changes of membership and keys

  function resume(session: Session): void {
    if (session.state === 'closed' && session.who === null) {
      for (const operation of session.lane ?? []) leave(operation);
      session.lane = null;
    }
    pump(session);
  }

  /** Lets the operations that wait in the session's lane go on, as far as their order allows. */
  function pump(session: Session): void {
    const { lane } = session;
    if (lane === null) return;
    while (lane.length > 0 && !session.changing) {
      const operation = lane[0]!;
      if (operation.frame.type !== 'send' && session.sending > 0) return;
      lane.shift();
      if (operation.frame.type === 'send') write(operation, operation.frame);
      else void change(operation, operation.frame);
    }
    if (lane.length === 0 && !session.changing && session.state !== 'greeting') session.lane = null;
  }

  async function change(operation: Operation, frame: Exclude<OperationFrame, { type: 'send' }>): Promise<void> {
    const { session } = operation;
    if (!fences.passes(operation)) return refuse(operation, 'busy', repeatFirst);
    session.changing = true;
    try {
      const outcome = await changes.run(() => store.change(changeOf(session, frame, clock.wall())));
      session.changing = false;
      answer(operation, outcome, null);
      hints.publish();
    } catch (error) {
      logFailure(ground, 'A change of membership could not be written.', error);
      // Still `changing`: it was the store that failed, and nothing has been answered.
      if (session.changing) refuse(operation, failureCode(error));
      session.changing = false;
    }
    pump(session);
  }

  // --- answers

  function answer(operation: Operation, outcome: Outcome, send: Send | null): void {
    const { session, clientId } = operation;
    if (outcome.kind === 'superseded') {
      leave(operation);
      sessions.close(session, 4010, 'Another connection of this device began later.');
      return;
    }
    if (outcome.kind === 'refused') {
      refuseWhenCurrent(operation, outcome);
      return;
    }
    const { conversation, seq, at, repeat } = outcome;
    leave(operation);
    fences.settle(operation);
    stats.accepted(1);
    if (session.state === 'open') sessions.write(session, acceptedText(clientId, conversation, seq, at));
    // An `openDirect` may be answered with an entry of the other side, which is yet to be shown.
    if (!repeat || operation.frame.type !== 'openDirect') memberships.noteOwn(session, conversation, seq);
    if (repeat) spreadRepeat(session, conversation, seq);
    else spread(outcome, send);
  }

  function spread(outcome: Extract<Outcome, { kind: 'accepted' }>, send: Send | null): void {
    const { conversation, seq, at, affected, entry } = outcome;
    if (send !== null) {
      const parcel = messageParcel(send, seq, at);
      rooms.offer(conversation, parcel);
      hints.committed(conversation, parcel);
    } else if (entry !== null) {
      spreadChange(entry, affected);
    }
  }

  function spreadRepeat(session: Session, conversation: ConversationId, seq: Seq): void {
    rooms.heard(conversation, seq);
    hints.heard(conversation, seq);
    memberships.touched(session, conversation);
  }

  /** Who is behind with the keys is answered after what they have not seen. */
  function refuseWhenCurrent(operation: Operation, { code, upTo }: Extract<Outcome, { kind: 'refused' }>): void {
    const { session, frame } = operation;
    if (upTo === undefined || stopped || !('conversation' in frame)) refuse(operation, code);
    else staleAnswers.after(session, { conversation: frame.conversation, upTo }, () => refuse(operation, code));
  }

  function refuse(operation: Operation, code: ErrorCode, detail?: string): void {
    const { session, clientId } = operation;
    leave(operation);
    if (isRepeatable(code)) fences.hold(operation);
    else fences.settle(operation);
    if (session.state === 'open') sessions.write(session, refusedText(code, { clientId, detail }));
  }

  function leave({ session, bytes }: Operation): void {
    session.inFlight--;
    inFlight--;
    bytesInFlight -= bytes;
  }
}

// ---

const repeatFirst = 'An earlier operation of this conversation has to be repeated first.';

function failureCode(error: unknown): ErrorCode {
  return error instanceof StoreFailure && error.definite ? 'databaseDown' : 'uncertain';
}
