import type { Clock } from '../ports.ts';
import type { Answered } from './accounts.ts';
import type { ServerSettings } from './contract.ts';
import { createLimiter } from './limiter.ts';
import { createRateLimit } from './rate-limit.ts';

/** Who may have a password hashed or checked: so often per name and per address, and so many at once. */
export interface PasswordGate {
  /** Why it may not be tried now, or null. Counts as a try. */
  obstacle(attempt: { readonly name: string; readonly remote: string }): Answered<never> | null;
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createPasswordGate(clock: Clock, settings: ServerSettings): PasswordGate {
  const perName = createRateLimit(clock, { perMinute: settings.signInPerMinutePerName, keysMax });
  const perAddress = createRateLimit(clock, { perMinute: settings.signInPerMinutePerAddress, keysMax });
  const passwords = createLimiter(settings.passwordsMax);
  return {
    // The address first: who is stopped by it uses up nobody's name.
    obstacle({ name, remote }) {
      if (passwords.waiting >= settings.passwordQueueMax)
        return { kind: 'refused', code: 'busy', retryAfterMs: busyRetryMs };
      const retryAfterMs = perAddress.take(remote) || perName.take(name.toLowerCase());
      return retryAfterMs === 0 ? null : { kind: 'refused', code: 'tooMany', retryAfterMs };
    },
    run: (work) => passwords.run(work),
  };
}

// ---

/** What a full queue asks for: by then it has moved on. */
const busyRetryMs = 1000;
/** Names and addresses whose rates are remembered. */
const keysMax = 100_000;
