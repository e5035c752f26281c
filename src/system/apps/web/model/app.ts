import { type ReadonlySignal, signal } from '@preact/signals';
import type { AccountFailure, ConversationId, Credentials, EpochMs } from '../../../browser.ts';
import type { Demo } from './demo.ts';
import type { Link, LinkHandlers } from './link.ts';
import type { TabStorage } from './outbox.ts';
import { createSession, type Session } from './session.ts';

/** The whole client in one tab: who is signed in, and what is shown. */
export interface App {
  readonly phase: ReadonlySignal<Phase>;
  readonly session: ReadonlySignal<Session | null>;
  /** The user of this tab, or the one that used this browser last. */
  readonly lastUser: string | null;
  readonly demo: Demo;
  /** The texts that could not be sent, to be written again; and other things that went wrong. */
  readonly notice: ReadonlySignal<Notice | null>;
  enter(how: 'signUp' | 'signIn', who: Credentials): Promise<void>;
  signOut(): Promise<void>;
  say(text: string): void;
  hush(): void;
}

export type Phase =
  | { readonly kind: 'opening' }
  | { readonly kind: 'signedOut'; readonly isBusy: boolean; readonly problem: string | null }
  | { readonly kind: 'ready' }
  /** The messenger cannot go on; a reload tries again. */
  | { readonly kind: 'failed'; readonly message: string };

export interface Notice {
  readonly id: number;
  readonly text: string;
}

export interface AppWorld {
  /** Opens the way to the messenger of one user, who may be nobody yet. */
  dial(user: string, handlers: LinkHandlers): Link;
  /** Of this tab; survives a reload. */
  readonly storage: TabStorage;
  /** Of this browser. */
  readonly shared: TabStorage;
  now(): EpochMs;
  readonly demo: Demo;
}

export function createApp(world: AppWorld): App {
  const { storage, shared } = world;
  const phase = signal<Phase>({ kind: 'opening' });
  const session = signal<Session | null>(null);
  const notice = signal<Notice | null>(null);
  const lastUser = storage.get(userKey) ?? shared.get(userKey);
  let notices = 0;

  if (lastUser === null) phase.value = signedOut();
  else session.value = newSession(lastUser);

  return { phase, session, lastUser, demo: world.demo, notice, enter, signOut, say, hush };

  function hush(): void {
    notice.value = null;
  }

  function newSession(user: string): Session {
    const made: Session = createSession({
      dial: (handlers) => world.dial(user, handlers),
      storage: scoped(storage, user),
      now: world.now,
      snapshot({ me, isSignedIn }) {
        if (isSignedIn && me !== null) remember(me.name);
        if (isSignedIn) phase.value = { kind: 'ready' };
        // While somebody is signing in, the messenger says what is known: nobody has yet.
        else if (phase.value.kind === 'opening' || phase.value.kind === 'ready') phase.value = signedOut();
      },
      failed(message) {
        phase.value = { kind: 'failed', message };
      },
      notUploaded: say,
      refused({ conversation, text, why }) {
        giveBack(made, conversation, text);
        say(why);
      },
    });
    return made;
  }

  function giveBack(to: Session, conversation: ConversationId, text: string): void {
    if (to.draft(conversation) === '') to.keepDraft(conversation, text);
  }

  function remember(user: string): void {
    storage.set(userKey, user);
    shared.set(userKey, user);
  }

  async function enter(how: 'signUp' | 'signIn', who: Credentials): Promise<void> {
    if (phase.value.kind === 'signedOut' && phase.value.isBusy) return;
    phase.value = { kind: 'signedOut', isBusy: true, problem: null };
    session.value?.link.close();
    const tried = newSession(who.name);
    try {
      const outcome = await tried.link.call(how, who);
      if (outcome.kind === 'ok') {
        session.value = tried;
        return;
      }
      tried.link.close();
      phase.value = signedOut(failureSentence(outcome));
    } catch (error) {
      tried.link.close();
      phase.value = signedOut((error as Error).message);
    }
  }

  async function signOut(): Promise<void> {
    const outcome = await session.value?.link.call('signOut');
    if (outcome !== undefined && outcome.kind !== 'ok') say(failureSentence(outcome));
  }

  function say(text: string): void {
    notice.value = { id: ++notices, text };
  }
}

// ---

const userKey = 'user';

function signedOut(problem: string | null = null): Phase {
  return { kind: 'signedOut', isBusy: false, problem };
}

function scoped(storage: TabStorage, user: string): TabStorage {
  const key = (name: string) => `${user.toLowerCase()} ${name}`;
  return { get: (name) => storage.get(key(name)), set: (name, value) => storage.set(key(name), value) };
}

const sentences: Readonly<Record<string, string>> = {
  nameTaken: 'That name, or one that looks like it, is taken. Choose another.',
  nameReserved: 'That name is kept for the system. Choose another.',
  unauthenticated: 'Name and password do not belong together.',
  malformed: 'A name has 1 to 64 letters and digits, with . _ - between them; a password 8 characters or more.',
};

function failureSentence(failure: AccountFailure): string {
  if (failure.kind === 'unknown') return 'No answer came from the servers. Check the connection and try again.';
  const wait =
    failure.retryAfterMs === undefined ? '' : ` Try again in ${Math.ceil(failure.retryAfterMs / 1000)} seconds.`;
  return sentences[failure.code] ?? `${failure.detail ?? `The servers refused (${failure.code}).`}${wait}`;
}
