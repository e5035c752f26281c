import { type ReadonlySignal, signal } from '@preact/signals';
import type { ConversationId, Credentials, EpochMs } from '../../../browser.ts';
import type { Demo } from './demo.ts';
import { failureSentence } from './failures.ts';
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
  /** Another tab has the messenger, in a browser whose tabs cannot share one; it goes on when that is closed. */
  | { readonly kind: 'waiting' }
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
  const lastUser = lastOne();
  let notices = 0;
  let isEntering = false;

  if (lastUser === null) phase.value = signedOut();
  else session.value = newSession(lastUser);

  return {
    phase,
    session,
    get lastUser() {
      return lastOne();
    },
    demo: world.demo,
    notice,
    enter,
    signOut,
    say,
    hush,
  };

  function lastOne(): string | null {
    return storage.get(userKey) ?? shared.get(userKey);
  }

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
        else if (session.value === made && !isEntering && showsMessenger.has(phase.value.kind))
          phase.value = signedOut();
      },
      waits() {
        phase.value = { kind: 'waiting' };
      },
      erased() {
        if (session.value === made) forget(made, user);
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

  function forget(gone: Session, user: string): void {
    gone.link.close();
    session.value = null;
    storage.clear(scopeOf(user));
    for (const place of [storage, shared]) if (place.get(userKey) === user) place.set(userKey, null);
    phase.value = signedOut();
  }

  async function enter(how: 'signUp' | 'signIn', who: Credentials): Promise<void> {
    if (isEntering) return;
    isEntering = true;
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
    } finally {
      isEntering = false;
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
/** What a messenger that nobody is signed in to puts an end to. */
const showsMessenger: ReadonlySet<Phase['kind']> = new Set(['opening', 'waiting', 'ready']);

function signedOut(problem: string | null = null): Phase {
  return { kind: 'signedOut', isBusy: false, problem };
}

function scoped(storage: TabStorage, user: string): TabStorage {
  const key = (name: string) => `${scopeOf(user)}${name}`;
  return {
    get: (name) => storage.get(key(name)),
    set: (name, value) => storage.set(key(name), value),
    clear: (prefix) => storage.clear(key(prefix)),
  };
}

function scopeOf(user: string): string {
  return `${user.toLowerCase()} `;
}
