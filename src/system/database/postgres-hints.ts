import type { ConversationId, Seq, UserId } from '../protocol/ids.ts';
import type { Hint } from './bus.ts';

/**
 * Hints as the text of notifications, which are limited in size. The first line names the sender; each further line is a
 * hint: conversation, seq, device or `-`, affected users with commas or `-`, and, when it travels along, the frame. A frame
 * is JSON already, so it goes as it is: as a string inside JSON it would be a quarter longer and quoted twice.
 */

/** PostgreSQL refuses a notification of 8000 bytes. */
export const notificationBytesMax = 7_999;

/** As many notifications as the hints need. A hint that cannot be written in one goes without its frame, or not at all. */
export function encodeHints(hints: readonly Hint[], origin: string): readonly string[] {
  const head = `${origin}\n`;
  const room = notificationBytesMax - Buffer.byteLength(head);
  const texts: string[] = [];
  let lines = '';
  let bytes = 0;
  for (const hint of hints) {
    const line = encodeHint(hint, room);
    if (line === null) continue;
    const lineBytes = Buffer.byteLength(line);
    if (bytes + lineBytes > room) {
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

export function decodeHints(text: string): { readonly origin: string; readonly hints: readonly Hint[] } {
  const [origin = '', ...lines] = text.split('\n');
  return { origin, hints: lines.filter((line) => line !== '').map(decodeHint) };
}

/** Whether a frame may go into a notification at all. */
export function fitsNotification(frame: string): boolean {
  return frame.length < notificationBytesMax && !/[\n\0]/.test(frame);
}

// ---

const absent = '-';

function encodeHint({ conversation, seq, device, affected, frame }: Hint, room: number): string | null {
  const users = affected === undefined ? absent : `${affected.join(',')},`;
  const fields = `${conversation} ${seq} ${device ?? absent} ${users}`;
  const whole = frame === undefined || !fitsNotification(frame) ? `${fields}\n` : `${fields} ${frame}\n`;
  return [whole, `${fields}\n`].find((line) => Buffer.byteLength(line) <= room) ?? null;
}

function decodeHint(line: string): Hint {
  const [, conversation, seq, device, users, rest] = /^(\d+) (\d+) (\S+) (\S+)(?: (.*))?$/s.exec(line) ?? [];
  return {
    conversation: Number(conversation) as ConversationId,
    seq: Number(seq) as Seq,
    ...(rest !== undefined && { frame: rest }),
    ...(device !== absent && { device: Number(device) }),
    ...(users !== absent && { affected: readUsers(users!) }),
  };
}

/** Each id is followed by a comma, so that an empty list differs from none. */
function readUsers(users: string): readonly UserId[] {
  return users
    .split(',')
    .filter((id) => id !== '')
    .map((id) => Number(id) as UserId);
}
