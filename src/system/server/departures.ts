import { type Ground, logFailure, pause, repeat } from './ground.ts';
import type { Hints } from './hints.ts';
import type { SpreadChange } from './spread-change.ts';

/** Takes deleted users out of their conversations, a few at a time; what one server does not finish, another does. */
export interface Departures {
  /** Looks once in a while for somebody who was deleted. */
  start(): void;
  /** Somebody was deleted just now. */
  begin(): void;
}

export function createDepartures(ground: Ground, hints: Hints, spreadChange: SpreadChange): Departures {
  const { clock, settings, store } = ground;
  let running = false;
  let again = false;

  const round = async (): Promise<boolean> => {
    const { written, more } = await store.depart(conversationsAtOnce, clock.wall());
    for (const { entry, affected } of written) spreadChange(entry, affected);
    hints.publish();
    return more;
  };
  const rounds = async (): Promise<void> => {
    try {
      while (await round()) await pause(clock, betweenRoundsMs);
    } catch (error) {
      logFailure(ground, 'A deleted user could not be taken out of the conversations; it is tried again.', error);
    }
  };
  const run = async (): Promise<void> => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      await rounds();
    }
    running = false;
  };

  return { start: () => repeat(ground, settings.recheckMs, run), begin: () => void run() };
}

// ---

/** Their writers wait for one round, so it is short. */
const conversationsAtOnce = 64;
const betweenRoundsMs = 5;
