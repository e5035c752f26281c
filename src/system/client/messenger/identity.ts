import type { Random, Transport } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import { limits } from '../../protocol/limits.ts';
import * as accounts from '../account.ts';
import type { AccountOutcome } from '../ask.ts';
import type { LocalAccount } from '../local/contract.ts';
import type { Credentials, Me, MessengerOptions } from './contract.ts';
import type { Journal } from './journal.ts';
import { isSameName } from './rooms.ts';

/** Who uses this database, and on which device. */
export interface IdentityKeeper {
  readonly account: LocalAccount | null;
  readonly me: Me | null;
  signUp(who: Credentials): Promise<AccountOutcome<Me>>;
  signIn(who: Credentials): Promise<AccountOutcome<Me>>;
  signOut(): Promise<AccountOutcome<null>>;
  signOutEverywhere(): Promise<AccountOutcome<null>>;
  deleteAccount(password: string): Promise<AccountOutcome<null>>;
  /** Asks in the name of the user. Rejects with a `Problem` when nobody is signed in. */
  asking<T>(ask: Ask<T>): Promise<AccountOutcome<T>>;
}

type Ask<T> = (transport: Transport, token: string) => Promise<AccountOutcome<T>>;

interface Parts {
  readonly kept: LocalAccount | null;
  readonly options: MessengerOptions;
  readonly random: Random;
  readonly journal: Journal;
  readonly transportTo: (origin: string) => Transport;
}

const labelDefault = 'device';

export function createIdentity({ kept, options, random, journal, transportTo }: Parts): IdentityKeeper {
  let account = kept === null ? null : { ...kept, origin: options.origin ?? kept.origin };

  return {
    get account() {
      return account;
    },
    get me() {
      return account === null ? null : meOf(account);
    },
    async signUp(who) {
      const { origin } = await claim(who);
      const made = await accounts.signUp(transportTo(origin), who);
      return made.kind === 'ok' ? signIn(who) : made;
    },
    signIn,
    signOut: () => ending(accounts.signOut),
    signOutEverywhere: () => ending(accounts.signOutEverywhere),
    deleteAccount: (password) => ending((transport, token) => accounts.deleteAccount(transport, { token, password })),
    async asking(ask) {
      if (account?.token == null) throw new Problem('Nobody is signed in on this local database; call signIn first.');
      return ask(transportTo(account.origin), account.token);
    },
  };

  async function signIn(who: Credentials): Promise<AccountOutcome<Me>> {
    const claimed = await claim(who);
    const asked = { ...who, device: claimed.deviceLabel };
    const outcome = await accounts.signIn(transportTo(claimed.origin), asked);
    if (outcome.kind !== 'ok') return outcome;
    const { name, device, token } = outcome.value;
    const me = { ...claimed, name, device, token };
    await put(me);
    return { kind: 'ok', value: meOf(me)! };
  }

  /** What ends the token, for good: also when it had ended before. */
  async function ending(ask: Ask<null>): Promise<AccountOutcome<null>> {
    if (account?.token == null) return { kind: 'ok', value: null };
    const outcome = await ask(transportTo(account.origin), account.token);
    const isOver = outcome.kind === 'ok' || (outcome.kind === 'refused' && outcome.code === 'unauthenticated');
    if (isOver) await put({ ...account, token: null });
    return isOver ? { kind: 'ok', value: null } : outcome;
  }

  /** The device has its name before the servers hear it, so that an answer that is lost leaves no second device behind. */
  async function claim({ name }: Credentials): Promise<LocalAccount> {
    if (account?.device != null && !isSameName(account.name, name as LocalAccount['name'])) {
      throw new Problem(
        `This local database belongs to ${account.name}; sign in as ${account.name}, or open another one for ${name}.`,
      );
    }
    const origin = options.origin ?? account?.origin;
    if (origin === undefined) {
      throw new Problem('The local database is new: name the origin of the system, for example http://127.0.0.1:8080.');
    }
    const deviceLabel = account?.deviceLabel ?? newLabel(options.label ?? labelDefault, random);
    const claimed = { device: null, token: null, ...account, name: name as LocalAccount['name'], origin, deviceLabel };
    if (account?.device == null) await put(claimed);
    return claimed;
  }

  async function put(next: LocalAccount): Promise<void> {
    await journal.write([{ kind: 'account', account: next }]);
    account = next;
  }
}

// ---

function meOf({ name, device, origin }: LocalAccount): Me | null {
  return device === null ? null : { name, device, origin };
}

/** A new database counts its client ids from 1, so it must never be taken for the device of an older one. */
function newLabel(begin: string, random: Random): string {
  const suffix = Array.from(random.bytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${begin.slice(0, limits.deviceLabelCharsMax - suffix.length - 1)}-${suffix}`;
}
