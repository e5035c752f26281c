/** Frames as text. Those of the hot path are put together by hand: names and payloads have alphabets without quotes. */
import type { Send } from '../database/store.ts';
import type { EpochMs } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { Entry, MembershipEntry, ServerFrame } from '../protocol/frames.ts';
import type { ClientId, ConversationId, Seq } from '../protocol/ids.ts';

/** One entry on its way to many: serialised once. */
export interface Parcel {
  readonly seq: Seq;
  readonly text: string;
  /** The entry itself when it changes the membership. */
  readonly change: MembershipEntry | null;
}

export const pongText = frameText({ type: 'pong' });
export const caughtUpText = frameText({ type: 'caughtUp' });

const membershipStart = '{"type":"membership"';

export function frameText(frame: ServerFrame): string {
  return JSON.stringify(frame);
}

export function messageParcel(send: Send, seq: Seq, at: EpochMs): Parcel {
  const { conversation, by, clientId, epoch, payload } = send;
  const head = `{"type":"message","conversation":${conversation},"seq":${seq},"at":${at},"sender":"${by.name}"`;
  const text = `${head},"device":${by.device},"clientId":${clientId},"epoch":${epoch},"payload":"${payload}"}`;
  return { seq, text, change: null };
}

export function entryParcel(entry: Entry): Parcel {
  const change = entry.type === 'membership' ? entry : null;
  // `type` first, also when a store hands the fields out in another order: others recognise the frame by its start.
  const { type, ...rest } = entry;
  return { seq: entry.seq, text: JSON.stringify({ type, ...rest }), change };
}

/** The parcel of a frame that another server made. */
export function hintedParcel(seq: Seq, text: string): Parcel {
  const change = text.startsWith(membershipStart) ? (JSON.parse(text) as MembershipEntry) : null;
  return { seq, text, change };
}

export function acceptedText(clientId: ClientId, conversation: ConversationId, seq: Seq, at: EpochMs): string {
  return `{"type":"accepted","clientId":${clientId},"conversation":${conversation},"seq":${seq},"at":${at}}`;
}

export function refusedText(
  code: ErrorCode,
  more: { clientId?: ClientId | undefined; detail?: string | undefined; retryAfterMs?: number | undefined } = {},
): string {
  const { clientId, detail, retryAfterMs } = more;
  // `JSON.stringify` leaves out what is undefined.
  return JSON.stringify({ type: 'refused', clientId, code, detail, retryAfterMs });
}
