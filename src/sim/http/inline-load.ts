import type { Cancel, Clock, Ms, Transport } from '../../system/index.ts';
import { dueMs, type HttpLoad } from './http-load.ts';

/** Sends each request when it is due, on a connection of its own: in this thread, on whatever clock there is. */
export function createInlineLoad(clock: Clock, transportFor: (index: number) => Transport): HttpLoad {
  return {
    about: 'Each sign-in has a connection of its own, so that none waits for another.',
    start(waves) {
      const startMs = clock.now();
      const total = waves.perSec * waves.seconds;
      const { promise: done, resolve } = Promise.withResolvers<void>();
      let next = 0;
      let open = 0;
      let cancel: Cancel = () => undefined;
      let stopped = false;

      const send = async (index: number): Promise<void> => {
        const sentMs: Ms = clock.now();
        open++;
        try {
          const { status, headers = {} } = await transportFor(index).request(waves.requestOf(index));
          if (stopped) return;
          waves.answered({ index, sentMs, answeredMs: clock.now(), status, retryAfter: 'retry-after' in headers });
        } catch {
          // No answer: it stays among those that were due and not answered.
        } finally {
          open--;
          if (open === 0 && next === total) resolve();
        }
      };
      const sendDue = (): void => {
        while (next < total && startMs + dueMs(waves, next) <= clock.now()) void send(next++);
        if (next < total) cancel = clock.after(startMs + dueMs(waves, next) - clock.now(), sendDue);
      };
      sendDue();

      return {
        done,
        async stop() {
          stopped = true;
          cancel();
          resolve();
        },
      };
    },
  };
}
