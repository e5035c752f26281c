import type { ConversationId, Seq, UserId } from '../protocol/ids.ts';
import type { Hint } from './bus.ts';

/**
 * Hints as the text of notifications, which are limited in size. The first line names the sender; each further line is a
 * hint: conversation, seq, device or `-`, affected users with commas or `-`, and, when it travels along, the frame. A frame
 * is JSON already, so it goes as it is: as a string inside JSON it would be a quarter longer and quoted twice. That sessions
 * of a user have ended is a line of `*` and the user.
 */

/** PostgreSQL refuses a notification of 8000 bytes. */
export const notificationBytesMax = 7_999;

/** As many notifications as the hints need. A hint that cannot be written in one goes without its frame, or not at all. */
export function encodeHints(hints: readonly Hint[], origin: string): readonly string[] {
  const room = roomAfter(origin);
  return packLines(
    hints.map((hint) => encodeHint(hint, room)),
    origin,
  );
}

/** Lines as few notifications; a line that fits into none is left out. */
export function packLines(all: readonly string[], origin: string): readonly string[] {
  const head = `${origin}\n`;
  const room = roomAfter(origin);
  const texts: string[] = [];
  let lines = '';
  let bytes = 0;
  for (const line of all) {
    const lineBytes = Buffer.byteLength(line);
    if (lineBytes > room) continue;
    if (bytes + lineBytes > room && bytes > 0) {
      texts.push(head + lines);
      lines = '';
      bytes = 0;
    }
    lines += line;
    bytes += lineBytes;
  }
  if (bytes > 0) texts.push(head + lines);
  return texts;
}

export function originOf(text: string): string {
  return text.slice(0, text.indexOf('\n'));
}

export function decodeHints(text: string): readonly Hint[] {
  const hints: Hint[] = [];
  for (let at = text.indexOf('\n') + 1; at < text.length; ) {
    const end = text.indexOf('\n', at);
    hints.push(decodeHint(text, at, end));
    at = end + 1;
  }
  return hints;
}

/** Whether a frame may go into a notification at all. */
export function fitsNotification(frame: string): boolean {
  return frame.length < notificationBytesMax && !/[\n\0]/.test(frame);
}

// ---

const absent = '-';
const endedMark = '*';

function roomAfter(origin: string): number {
  return notificationBytesMax - Buffer.byteLength(origin) - 1;
}

/** Without its frame when that is too much. */
function encodeHint(hint: Hint, room: number): string {
  if ('ended' in hint) return `${endedMark}${hint.ended}\n`;
  const { conversation, seq, device, affected, frame } = hint;
  const users = affected === undefined ? absent : `${affected.join(',')},`;
  const fields = `${conversation} ${seq} ${device ?? absent} ${users}`;
  const whole = frame === undefined || !fitsNotification(frame) ? `${fields}\n` : `${fields} ${frame}\n`;
  return Buffer.byteLength(whole) <= room ? whole : `${fields}\n`;
}

/** The hint that the line from `at` to `end` tells of. A pattern would cost twice as much. */
function decodeHint(text: string, at: number, end: number): Hint {
  if (text[at] === endedMark) return { ended: Number(text.slice(at + 1, end)) as UserId };
  const seqAt = text.indexOf(' ', at) + 1;
  const deviceAt = text.indexOf(' ', seqAt) + 1;
  const usersAt = text.indexOf(' ', deviceAt) + 1;
  const space = text.indexOf(' ', usersAt);
  const usersEnd = space === -1 || space > end ? end : space;
  const device = text.slice(deviceAt, usersAt - 1);
  const users = text.slice(usersAt, usersEnd);
  return {
    conversation: Number(text.slice(at, seqAt - 1)) as ConversationId,
    seq: Number(text.slice(seqAt, deviceAt - 1)) as Seq,
    ...(usersEnd < end && { frame: text.slice(usersEnd + 1, end) }),
    ...(device !== absent && { device: Number(device) }),
    ...(users !== absent && { affected: readUsers(users) }),
  };
}

/** Each id is followed by a comma, so that an empty list differs from none. */
function readUsers(users: string): readonly UserId[] {
  return users
    .split(',')
    .filter((id) => id !== '')
    .map((id) => Number(id) as UserId);
}
