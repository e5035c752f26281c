/** One user of a flow: an account and a session. */
import {
  type AccountOutcome,
  type ClientSession,
  type Clock,
  createSession,
  type Ms,
  type Random,
  type SessionHandlers,
  type SignInAnswer,
  signIn,
  signUp,
  type Transport,
  type UserName,
} from '../../system/index.ts';
import type { FlowWorld } from './world.ts';

export interface Person {
  readonly name: UserName;
  readonly session: ClientSession;
  begun: boolean;
}

export interface PersonOrder {
  readonly name: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: FlowWorld['session'];
  readonly handlers: SessionHandlers;
  readonly signal: AbortSignal;
}

/** A sign-up is given this many attempts, each this long, with this pause between them. */
const attemptsMax = 40;
const patienceMs: Ms = 500;
const pauseMs: Ms = 50;

/** Signs up and in; null when nobody answered. */
export async function createPerson(order: PersonOrder): Promise<Person | null> {
  const { name, transport } = order;
  const password = `password of ${name}`;
  const made = await insist<unknown>(order, async () => {
    const outcome = await signUp(transport, { name, password });
    // An attempt without an answer may have done it.
    const done = outcome.kind === 'refused' && outcome.code === 'nameTaken';
    return done ? { kind: 'ok', value: name } : outcome;
  });
  const answer =
    made === null ? null : await insist(order, () => signIn(transport, { name, password, device: 'flow' }));
  return answer && { name: answer.name, session: sessionOf(order, answer), begun: false };
}

// ---

async function insist<T>(order: PersonOrder, attempt: () => Promise<AccountOutcome<T>>): Promise<T | null> {
  for (let count = 0; count < attemptsMax; count++) {
    order.signal.throwIfAborted();
    // A server that stands still answers nobody; another may take the next attempt.
    const outcome = await Promise.race([attempt(), passes(order.clock, patienceMs)]);
    if (outcome?.kind === 'ok') return outcome.value;
    await passes(order.clock, pauseMs);
  }
  return null;
}

function sessionOf(order: PersonOrder, { token, device }: SignInAnswer): ClientSession {
  const { clock, random, transport, settings } = order;
  const log = { write: () => undefined };
  return createSession({ clock, random, log, transport }, { token, device, ...settings }, order.handlers);
}

function passes(clock: Clock, delayMs: Ms): Promise<null> {
  return new Promise((resolve) => void clock.after(delayMs, () => resolve(null)));
}
