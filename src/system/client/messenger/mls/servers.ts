import type { Cancel, Transport } from '../../../ports.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { ClaimAnswer, KeyBundleAnswer, KeyBundleBody, KeyPackagesBody } from '../../../protocol/http-keys.ts';
import type { BundleId, UserName } from '../../../protocol/ids.ts';
import type { AccountFailure, AccountOutcome } from '../../ask.ts';
import { backoffMs } from '../../backoff.ts';
import { claimKeyPackages, keyPackagesLeft, readKeyBundle, uploadKeyBundle, uploadKeyPackages } from '../../keys.ts';
import { type SealingContext, Unsealable } from '../sealing.ts';

/** What devices leave for each other, asked for until there is an answer. Rejects with `Later` once that is not wanted. */
export interface Servers {
  /** Rejects with `Unsealable` when there is no such user. */
  claim(user: UserName): Promise<ClaimAnswer['devices']>;
  putBundle(bundle: KeyBundleBody): Promise<BundleId>;
  /** Null when it is not to be had any more. */
  bundle(id: BundleId): Promise<KeyBundleAnswer | null>;
  packagesLeft(): Promise<number>;
  /** Asks once, also while offline. Null when nobody knows whether they were taken. */
  putPackages(packages: KeyPackagesBody): Promise<number | null>;
  turned(on: boolean): void;
}

/** The messenger goes offline, or its token has ended. */
export class Later extends Error {}

export const retryBaseMs = 200;
export const retryMaxMs = 15_000;

type Ask<T> = (transport: Transport, token: string) => Promise<AccountOutcome<T>>;
type Refused = Extract<AccountFailure, { kind: 'refused' }>;

export function createServers({ clock, random, servers }: SealingContext): Servers {
  let isOn = false;
  /** What is asked is given up when it is not wanted any more: servers that hang hold nobody up. */
  let cut = new AbortController();
  const waiting = new Set<{ readonly cancel: Cancel; wake(): void }>();

  return {
    async claim(name) {
      const claimed = await until((transport, token) => claimKeyPackages(transport, { name, token }));
      if (claimed.kind === 'ok') return claimed.value.devices;
      if (claimed.code === 'unknownUser') throw new Unsealable(`There is no user ${name}.`, 'unknownUser');
      throw refusal(`Key packages of ${name} were refused`, claimed);
    },
    async putBundle(bundle) {
      const put = await until((transport, token) => uploadKeyBundle(transport, { ...bundle, token }));
      if (put.kind === 'ok') return put.value.bundle;
      throw refusal('The new keys were refused', put);
    },
    async bundle(bundle) {
      const read = await until((transport, token) => readKeyBundle(transport, { bundle, token }));
      return read.kind === 'ok' ? read.value : null;
    },
    async packagesLeft() {
      const asked = await until(keyPackagesLeft);
      if (asked.kind === 'ok') return asked.value.left;
      throw refusal('The number of key packages was refused', asked);
    },
    async putPackages(packages) {
      const found = servers();
      if (found === null) throw new Later();
      const put = await uploadKeyPackages(found.transport, { ...packages, token: found.token });
      return put.kind === 'ok' ? put.value.left : null;
    },
    turned(on) {
      isOn = on;
      if (on) return;
      cut.abort(new Later());
      cut = new AbortController();
      for (const wait of [...waiting]) wait.wake();
    },
  };

  function way(): { readonly transport: Transport; readonly token: string } {
    const found = isOn ? servers() : null;
    if (found === null) throw new Later();
    return { token: found.token, transport: cuttable(found.transport, cut.signal) };
  }

  async function until<T>(ask: Ask<T>): Promise<Extract<AccountOutcome<T>, { kind: 'ok' }> | Refused> {
    for (let failures = 0; ; failures++) {
      const { transport, token } = way();
      const outcome = await ask(transport, token);
      if (outcome.kind === 'ok') return outcome;
      if (outcome.kind === 'refused' && outcome.code === 'unauthenticated') throw new Later();
      if (outcome.kind === 'refused' && !passing.has(outcome.code)) return outcome;
      const atLeastMs = outcome.kind === 'refused' ? (outcome.retryAfterMs ?? 0) : 0;
      await pause(atLeastMs + backoffMs({ failures, baseMs: retryBaseMs, maxMs: retryMaxMs, random }));
    }
  }

  function pause(forMs: number): Promise<void> {
    if (!isOn) throw new Later();
    return new Promise((resolve) => {
      const wake = (): void => {
        wait.cancel();
        waiting.delete(wait);
        resolve();
      };
      const wait = { cancel: clock.after(forMs, wake), wake };
      waiting.add(wait);
    });
  }
}

// ---

/** Refusals after which the same request may succeed. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['tooMany', 'busy', 'databaseDown', 'uncertain']);

function cuttable(transport: Transport, signal: AbortSignal): Transport {
  return { ...transport, request: (request, options) => transport.request(request, { ...options, signal }) };
}

function refusal(what: string, { code, detail }: Refused): Unsealable {
  return new Unsealable(`${what}: ${detail ?? code}.`, code);
}
