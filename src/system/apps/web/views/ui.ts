import { signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { ConversationId, Seq } from '../../../browser.ts';
import type { App } from '../model/app.ts';
import type { Session } from '../model/session.ts';

/** What of the page is open. Nothing of it is worth keeping. */
export const ui = {
  dialog: signal<'newChat' | 'newGroup' | 'invite' | 'leave' | 'account' | null>(null),
  panel: signal<'details' | 'servers' | null>(null),
  /** The member of a group whose safety code is shown. */
  compared: signal<string | null>(null),
  query: signal(''),
  /** The image that is shown large. */
  picture: signal<{ readonly conversation: ConversationId; readonly seq: Seq; readonly name: string } | null>(null),
  /** Said by a screen reader, and shown to nobody. */
  spoken: signal(''),
};

/** One thing at a time is on the screen: list, conversation or panel. The width is that of the style. */
export const isNarrow = signal(false);
const narrow = matchMedia('(max-width: 44rem)');
const measure = (): void => {
  isNarrow.value = narrow.matches;
};
narrow.addEventListener('change', measure);
measure();

export const AppContext = createContext<App | null>(null);
export const SessionContext = createContext<Session | null>(null);

export function useApp(): App {
  return useContext(AppContext)!;
}

export function useSession(): Session {
  return useContext(SessionContext)!;
}

/** The address says which conversation is open, so that a reload and the browser's back button do what they should. */
export function goTo(conversation: ConversationId | null): void {
  const hash = conversation === null ? '' : `#/c/${conversation}`;
  if (location.hash !== hash) history.pushState(null, '', hash === '' ? location.pathname : hash);
  dispatchEvent(new PopStateEvent('popstate'));
}

export function conversationInAddress(): ConversationId | null {
  const id = /^#\/c\/([1-9]\d{0,14})$/.exec(location.hash)?.[1];
  return id === undefined ? null : (Number(id) as ConversationId);
}

/** Opens a conversation at a place that was found. */
export function goToPlace(session: Session, conversation: ConversationId, seq: Seq): void {
  goTo(conversation);
  session.open(conversation, seq);
}

/** Does what was asked for, and says why when it cannot be done. */
export function attempt(app: App, work: Promise<unknown>): void {
  work.catch((error: Error) => app.say(error.message));
}
