import type {
  Content,
  Conversation,
  EpochMs,
  Item,
  MessengerState,
  Operation,
  Presence,
  UserName,
  Verification,
} from '../../../browser.ts';

/** What the client says, in one place. Names and texts of others are parts of sentences and nothing more. */

/** The calendar day, here. */
export function dayOf(at: EpochMs): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

export function timeOf(at: EpochMs, isExact = false): string {
  return clockFormat(new Date(at).getTimezoneOffset(), isExact).format(at);
}

export function dayName(at: EpochMs, now: EpochMs): string {
  if (dayOf(at) === dayOf(now)) return 'Today';
  if (dayOf(at) === dayOf(now - dayMs)) return 'Yesterday';
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const year = sameYear ? {} : ({ year: 'numeric' } as const);
  return new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', ...year }).format(at);
}

/** For a list: the time of today, the day's name of this week, else the date. */
export function shortTime(at: EpochMs, now: EpochMs): string {
  if (dayOf(at) === dayOf(now)) return timeOf(at);
  if (now - at < 6 * dayMs) return new Intl.DateTimeFormat(undefined, { weekday: 'short' }).format(at);
  return new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' }).format(at);
}

/** A moment that may be long ago. */
export function dayAndTime(at: EpochMs): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

/** What a device calls itself, without most of the chance at its end that keeps it apart from others. */
export function deviceName(label: string): string {
  return label.replace(/-([0-9a-f]{4})[0-9a-f]{12}$/, ' $1');
}

/** A change of membership, or a gap, as a sentence. */
export function eventText({ sender, content }: Item, me: UserName | null): string {
  if (content.kind === 'expired') return expiredText(content.missed);
  if (content.kind !== 'membership') return '';
  const who = nameFor(sender, me, 'You');
  const whom = listOf(content.users.map((user) => nameFor(user, me, 'you')));
  switch (content.change) {
    case 'created':
      return content.users.length > 1 ? `${who} began the conversation` : `${who} created the conversation`;
    case 'added':
      return `${who} added ${whom}`;
    case 'removed':
      return `${who} removed ${whom}`;
    case 'left':
      return `${capital(whom || who)} left`;
    case 'ended':
      return `${capital(whom || who)} deleted the account; this conversation has ended`;
    case 'rekeyed':
      return `${who} renewed the keys`;
    default:
      content.change satisfies never;
      return '';
  }
}

/** Why a change of membership is not to be trusted as it is, and what to do; null when it is. */
export function doubtText({ content }: Item): string | null {
  if (content.kind !== 'membership' || content.doubt === undefined) return null;
  return `This device did not trust the keys of this change, and took new ones. Compare safety codes with the members again. ${content.doubt}`;
}

/** Somebody's devices against those that were compared; null where nothing was. */
export function verificationText({ state, at, newDevices }: Verification): string | null {
  if (at === null) return null;
  const when = `Compared on ${new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }).format(at)}`;
  if (state === 'verified') return `${when}. No other devices since.`;
  return `${when}. ${newDevices === 1 ? 'A new device' : `${newDevices} new devices`} since.`;
}

/** What is to be done about it is said by the buttons beside it. */
export function changedText({ user, newDevices }: Verification): string {
  return `${user} has ${newDevices === 1 ? 'a new device' : `${newDevices} new devices`} since you compared safety codes.`;
}

/** The newest entry in one line. */
export function previewOf({ last, kind }: Conversation, me: UserName | null): string {
  if (last === null) return 'No messages yet';
  if (last.content.kind === 'membership' || last.content.kind === 'expired') return eventText(last, me);
  const text = contentText(last.content);
  if (last.isOwn) return `You: ${text}`;
  return kind === 'group' ? `${last.sender}: ${text}` : text;
}

export function contentText(content: Content): string {
  switch (content.kind) {
    case 'text':
      return content.text;
    case 'unknown':
      return (
        content.fallback ??
        `A message of a kind that this program does not know${content.name === null ? '' : ` (${content.name})`}`
      );
    case 'image':
      return content.caption || 'Image';
    case 'unreadable':
      return `This message could not be read. ${content.reason}`;
    case 'membership':
    case 'expired':
      return '';
    default:
      content satisfies never;
      return '';
  }
}

/** The state of the connection, honestly. Null when there is nothing to say. */
export function connectionText({ connection, trouble, waiting }: MessengerState): string | null {
  const queue = waiting === 0 ? '' : `, ${waiting} waiting to be sent`;
  if (trouble === 'takenOver') return `Paused: another program uses this device${queue}`;
  if (trouble === 'signInAgain') return `Signed out by the server${queue}`;
  if (trouble === 'broken') return 'The local database cannot be written';
  switch (connection) {
    case 'offline':
      return `Offline${queue}`;
    case 'connecting':
      return `Reconnecting${queue}`;
    case 'online':
      return null;
  }
}

export function typingText(users: readonly string[]): string | null {
  if (users.length === 0) return null;
  if (users.length > 3) return 'Several people are typing';
  return `${listOf(users)} ${users.length === 1 ? 'is' : 'are'} typing`;
}

/** Whether somebody is there, or when they were. Null when nobody knows. */
export function presenceText(presence: Presence | undefined, now: EpochMs): string | null {
  if (presence === undefined) return null;
  if (presence.online) return 'online';
  if (presence.at === 0) return null;
  return dayOf(presence.at) === dayOf(now)
    ? `last seen at ${timeOf(presence.at)}`
    : `last seen ${dayName(presence.at, now).toLowerCase()}`;
}

/** Why an operation failed. */
export function failureText({ state }: Operation): string {
  return state.kind === 'failed' ? state.reason : '';
}

/** A length that people can compare. */
export function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Two letters for the circle that stands for somebody. */
export function initialsOf(title: string): string {
  const parts = title.split(/[\s._-]+/u).filter((part) => part !== '');
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]];
  return letters.map((part) => [...(part ?? '?')][0]!.toUpperCase()).join('');
}

export function listOf(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

// ---

const dayMs = 24 * 3600_000;

function expiredText(missed: number): string {
  const they = missed === 1 ? 'it' : 'they';
  return `${counted(missed, 'message')} expired before ${they} could be delivered to this device`;
}

function nameFor(user: string, me: UserName | null, own: string): string {
  return me !== null && user.toLowerCase() === me.toLowerCase() ? own : user;
}

/** Making one takes longer than drawing a row. It keeps the time zone that it was made in, and people travel. */
function clockFormat(zone: number, isExact: boolean): Intl.DateTimeFormat {
  const key = `${zone} ${isExact}`;
  const known = clockFormats.get(key);
  if (known) return known;
  const seconds = isExact ? ({ second: '2-digit' } as const) : {};
  const made = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', ...seconds });
  clockFormats.set(key, made);
  return made;
}

const clockFormats = new Map<string, Intl.DateTimeFormat>();
