import type { AccountOutcome, DeviceId, OwnDevice } from '../../../browser.ts';
import { failureSentence } from './failures.ts';
import type { Link } from './link.ts';

/** What one does about one's own account. Promises reject with one sentence for people. */
export interface Account {
  /** Where one is signed in, the last sign-in first. */
  devices(): Promise<readonly OwnDevice[]>;
  signOutDevice(device: DeviceId): Promise<void>;
  /** This browser too; what it has of the user stays. */
  signOutEverywhere(): Promise<void>;
  /** Other devices are signed out. */
  changePassword(passwords: { readonly old: string; readonly new: string }): Promise<void>;
  /** For good; this browser's data goes too. */
  delete(password: string): Promise<void>;
  /** Removes what this browser has of the user. False when the servers could not be told that this device is gone. */
  erase(): Promise<boolean>;
}

export function createAccount(link: Link): Account {
  return {
    devices: async () => answered(await link.call('devices')),
    signOutDevice: async (device) => done(await link.call('signOutDevice', device)),
    signOutEverywhere: async () => done(await link.call('signOutEverywhere')),
    changePassword: async (passwords) => done(await link.call('changePassword', passwords)),
    delete: async (password) => done(await link.call('deleteAccount', password)),
    erase: async () => (await link.call('erase')).isSignedOut,
  };
}

// ---

/** Of a question; whatever came of it, it can be asked again. */
function answered<T>(outcome: AccountOutcome<T>): T {
  if (outcome.kind === 'ok') return outcome.value;
  if (outcome.kind === 'refused' && outcome.code === 'unauthenticated') {
    throw new Error('This browser was signed out meanwhile; sign in again.');
  }
  throw new Error(failureSentence(outcome));
}

/** Of something that is done once. */
function done(outcome: AccountOutcome<null>): void {
  if (outcome.kind !== 'unknown') return void answered(outcome);
  throw new Error('No answer came, so it may or may not be done. Check the connection and look again.');
}
