import type { ChatState } from '../../shared/chat-state.ts';
import { othersOf } from '../../shared/chat-state.ts';
import type { Conversation, MessengerState, Presence } from '../../shared/messenger.ts';
import { changedIn, presenceIn, verificationIn } from '../../shared/people.ts';
import { printableLine } from '../../shared/printable.ts';
import type { Line, Span } from '../text/spans.ts';
import { bold, dim, line, lineWidth, sides, span, warning } from '../text/spans.ts';
import { isSameDay, shortTime } from '../text/time.ts';
import { wrap } from '../text/width.ts';

/** The first line of the screen: who one is, and how the connection is. */
export function statusLine(chat: ChatState, columns: number): Line {
  const left = [span(' nawaab', { bold: true, color: 'cyan' }), span(`  ${printableLine(chat.me?.name ?? '')}`)];
  const state = connectionSpans(chat);
  const all = [...state, ...placeSpans(chat), span(' ')];
  return sides(left, lineWidth([...left, ...all]) < columns ? all : state, columns);
}

/** The connection in words: never better than it is. */
export function connectionText(state: MessengerState): string {
  const { connection, trouble, waiting, failed } = state;
  const queue = waiting === 0 ? '' : `, ${waiting} waiting to be sent`;
  const lost = failed === 0 ? '' : `, ${failed} failed`;
  if (trouble !== null) return `${troubles[trouble]}${queue}${lost}`;
  return `${connection === 'connecting' ? 'connecting …' : connection}${queue}${lost}`;
}

export function conversationHead(
  chat: ChatState,
  conversation: Conversation,
  { columns, now }: { readonly columns: number; readonly now: number },
): Line {
  const title = span(printableLine(conversation.title), bold);
  const secrecy = conversation.isEncrypted
    ? span('end-to-end encrypted', { color: 'green' })
    : span('not encrypted', { color: 'yellow' });
  const left = [title, ...trustSpans(chat, conversation), span(about(chat, conversation, now), dim)];
  // Where there is no room for both, how it is encrypted can be asked for with /verify.
  const isRoomy = lineWidth([...left, secrecy]) + 2 <= columns;
  return sides(left, isRoomy || !conversation.isEncrypted ? [secrecy] : [], columns);
}

/** Between the head and what is said: whose devices have changed since they were compared. */
export function warningLines(chat: ChatState, conversation: Conversation, columns: number): readonly Line[] {
  return changedIn(chat, conversation)
    .slice(0, warningsMax)
    .flatMap(({ user, newDevices }) => {
      const name = printableLine(user);
      const what = newDevices === 1 ? 'a new device' : `${newDevices} new devices`;
      const verify = conversation.kind === 'group' ? `/verify ${name}` : '/verify';
      return wrap(
        `! ${name} has ${what} since you compared codes. ${verify} compares again, /noted hides this.`,
        columns,
      );
    })
    .map((text) => line(text, warning));
}

/** Who is typing in the open conversation; null when nobody is. */
export function typingText({ typists, open }: ChatState): string | null {
  const names = typists.filter(({ conversation }) => conversation === open?.id).map(({ user }) => printableLine(user));
  if (names.length === 0) return null;
  if (names.length > 3) return `${names.length} people are typing …`;
  return `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} typing …`;
}

// ---

/** More would leave no room for what is said; the others follow once these are noted. */
const warningsMax = 2;

function trustSpans(chat: ChatState, conversation: Conversation): readonly Span[] {
  const verification = verificationIn(chat, conversation);
  if (verification === null) return [];
  return verification.state === 'verified'
    ? [span(' ✓ verified', { color: 'green' })]
    : [span(' ! new device', warning)];
}

const troubles = {
  signInAgain: 'signed out: leave with Ctrl-C and start again to sign in',
  takenOver: 'offline: another program took this device over; Ctrl-G comes back',
  broken: 'the database cannot be used',
} as const;

function connectionSpans({ state }: ChatState): readonly Span[] {
  const color = state.trouble !== null ? 'red' : state.connection === 'online' ? 'green' : 'yellow';
  const dot = state.connection === 'online' ? '●' : '○';
  return [
    span(`${dot} `, { color }),
    span(connectionText(state), state.connection === 'online' ? undefined : { color }),
  ];
}

/** Which server one is on, and how the balancer chose it. */
function placeSpans({ state, balancer }: ChatState): readonly Span[] {
  if (state.server === null) return [];
  const how = balancer === null ? '' : ` by ${printableLine(balancer.strategy)}`;
  return [span(`  ${printableLine(state.server)}${how}`, dim)];
}

function presenceText({ online, at }: Presence, now: number): string {
  if (online) return '  online';
  return at === 0 ? '' : `  last seen ${isSameDay(at, now) ? 'at' : 'on'} ${shortTime(at, now)}`;
}

function about(chat: ChatState, conversation: Conversation, now: number): string {
  if (!conversation.isMember) return '  you are not in it any more';
  const presence = presenceIn(chat, conversation.id);
  if (conversation.kind === 'direct') return presence === null ? '' : presenceText(presence, now);
  const count = conversation.members.length;
  const mine = chat.me !== null && conversation.admin?.toLowerCase() === chat.me.name.toLowerCase();
  const admin = conversation.admin === null ? '' : `, admin ${mine ? 'you' : printableLine(conversation.admin)}`;
  const alone = othersOf(conversation, chat.me).length === 0;
  return alone ? '  nobody but you' : `  ${count} members${admin}`;
}
