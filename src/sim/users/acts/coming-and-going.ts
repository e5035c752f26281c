import { absenceEvents } from '../trace/absences.ts';
import type { Act, Cast } from './act.ts';

/** Users go offline and come back. */
export function comingAndGoing({ trace, users, fromMs, sessionOf, recordOf }: Cast): Act {
  const { atMs, user, leaves } = absenceEvents(trace.absences, users);
  return {
    atMs,
    perform(index) {
      const one = user[index]!;
      if (leaves[index] === 1) {
        sessionOf(one)?.stop();
        return;
      }
      recordOf(one)?.meantToConnect(fromMs + atMs[index]!);
      sessionOf(one)?.start();
    },
  };
}
