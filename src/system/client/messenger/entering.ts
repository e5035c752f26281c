import type { AccountOutcome } from '../ask.ts';
import type { Messenger } from './contract.ts';
import type { IdentityKeeper } from './identity.ts';
import type { Sealing } from './sealing.ts';

type Entering = Pick<Messenger, 'signUp' | 'signIn' | 'signOut' | 'signOutEverywhere' | 'deleteAccount'>;

export interface EnteringNeeds {
  readonly identity: IdentityKeeper;
  readonly sealing: Pick<Sealing, 'signedIn'>;
  checkOpen(): void;
  /** Resolves when there is no session any more and all that it brought is kept. */
  endSession(): Promise<void>;
  forgetTrouble(): void;
  emitState(): void;
}

/** Coming in and going out. Another token needs another session, which begins where everything is kept. */
export function createEntering(needs: EnteringNeeds): Entering {
  const { identity, sealing, checkOpen, endSession, forgetTrouble, emitState } = needs;

  return {
    signUp: (who) => signingIn(() => identity.signUp(who)),
    signIn: (who) => signingIn(() => identity.signIn(who)),
    signOut: () => signingIn(() => identity.signOut()),
    signOutEverywhere: () => endingToken(() => identity.signOutEverywhere()),
    deleteAccount: (password) => endingToken(() => identity.deleteAccount(password)),
  };

  async function signingIn<T>(work: () => Promise<T>): Promise<T> {
    checkOpen();
    await endSession();
    const outcome = await work();
    if (identity.account?.token != null) await sealing.signedIn();
    emitState();
    return outcome;
  }

  /** Nothing is stopped before it is known that the token has ended. */
  async function endingToken(work: () => Promise<AccountOutcome<null>>): Promise<AccountOutcome<null>> {
    checkOpen();
    const outcome = await work();
    if (identity.account?.token == null) await signingIn(async () => forgetTrouble());
    return outcome;
  }
}
