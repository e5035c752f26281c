import type { EventKind, HistorySink } from '../../metrics/index.ts';
import { type AccountOutcome, type Clock, errors, type Random, signUp, type Transport } from '../../system/index.ts';
import type { LatencySink } from './record.ts';

export interface AccountWorld {
  readonly clock: Clock;
  readonly random: Random;
  /** What `clock` showed at the start of the run. */
  readonly runStartMs: number;
  readonly history: HistorySink;
  readonly latency: LatencySink;
}

const attemptsMax = 30;
const pauseMsMax = 2000;

/** What the simulated user of this name signs in with. */
export function passwordOf(name: string): string {
  return `password of ${name}`;
}

export interface NewUser {
  readonly index: number;
  readonly name: string;
  readonly transport: Transport;
}

/** Makes an account and signs in, patiently; rejects with one sentence when it is refused for good or too often. */
export async function createAccount<T>(
  world: AccountWorld,
  user: NewUser,
  signIn: () => Promise<AccountOutcome<T>>,
): Promise<T> {
  const { name, transport } = user;
  const password = passwordOf(name);
  await insist<unknown>(world, user, 'signUp', async (attempt) => {
    const outcome = await signUp(transport, { name, password });
    // An attempt whose answer was lost may have made the account.
    const isOurs = attempt > 1 && outcome.kind === 'refused' && outcome.code === 'nameTaken';
    return isOurs ? { kind: 'ok', value: null } : outcome;
  });
  return insist(world, user, 'signIn', async () => {
    const fromMs = world.clock.now();
    const outcome = await signIn();
    const latencyMs = world.clock.now() - fromMs;
    if (outcome.kind === 'ok') {
      world.latency.record({ operation: 'signIn', intendedMs: fromMs - world.runStartMs, latencyMs, server: '' });
    }
    return outcome;
  });
}

// ---

async function insist<T>(
  world: AccountWorld,
  { index, name }: { readonly index: number; readonly name: string },
  op: 'signUp' | 'signIn',
  attempt: (number: number) => Promise<AccountOutcome<T>>,
): Promise<T> {
  for (let number = 1; ; number++) {
    note(world, index, 'invoke', op, '');
    const outcome = await attempt(number);
    if (outcome.kind === 'ok') {
      note(world, index, 'ok', op, '');
      return outcome.value;
    }
    const why = outcome.kind === 'refused' ? outcome.code : outcome.reason;
    note(world, index, outcome.definite ? 'fail' : 'info', op, outcome.kind === 'refused' ? outcome.code : 'no answer');
    if (number === attemptsMax || !mayPass(outcome)) {
      throw new Error(`The simulated user ${name} could not ${op === 'signUp' ? 'sign up' : 'sign in'}: ${why}.`);
    }
    const askedMs = outcome.kind === 'refused' ? (outcome.retryAfterMs ?? 0) : 0;
    const pauseMs = askedMs + world.random.next() * Math.min(pauseMsMax, 50 * 2 ** number);
    await new Promise<void>((resolve) => world.clock.after(pauseMs, resolve));
  }
}

/** Overload and lost answers pass; wrong names and passwords do not. */
function mayPass(outcome: Exclude<AccountOutcome<unknown>, { kind: 'ok' }>): boolean {
  return outcome.kind === 'unknown' || errors[outcome.code].status === 429 || errors[outcome.code].status >= 500;
}

function note(world: AccountWorld, actor: number, kind: EventKind, op: 'signUp' | 'signIn', detail: string): void {
  const t = world.clock.now() - world.runStartMs;
  world.history.add({ t, actor, session: 0, kind, op, conversation: 0, seq: 0, clientId: 0, peer: -1, detail });
}
