import type { Entry } from '../../protocol/frames.ts';
import type { Seq } from '../../protocol/ids.ts';
import type { ImageReference } from '../images/index.ts';
import type { LocalEntry } from '../local/contract.ts';
import { type ImageContent, previewOf, readImageContent } from './image-content.ts';
import type { ImagePreview } from './image-contract.ts';
import type { MembershipChange } from './rooms.ts';

/**
 * What entries say. A message's content is JSON inside the payload, `{"v":1,"kind":"text","text":"…"}`: `kind` names it,
 * `v` counts up when a kind changes its meaning, and further fields are ignored. A program shows what it does not know by
 * its name, and by the text in `fallback` if there is one; it never fails on it, for the sender may be newer, or hostile.
 */
export type Content =
  | { readonly kind: 'text'; readonly text: string }
  /** To be fetched by `Messenger.readImage`. The caption may be empty. */
  | { readonly kind: 'image'; readonly image: ImagePreview; readonly caption: string }
  /** Of a newer program, or of another one: then `name` is null. */
  | { readonly kind: 'unknown'; readonly name: string | null; readonly fallback: string | null }
  /** It could not be decrypted. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  | ({ readonly kind: 'membership' } & MembershipNote)
  /** Of nobody: instead of messages that the servers kept no longer when this device came to fetch them. */
  | ({ readonly kind: 'expired' } & Gap);

/** `doubt`: why the keys that came with it are not trusted by this device, which has come in anew since. */
export type MembershipNote = MembershipChange & { readonly doubt?: string };

/** Places of a conversation that stay empty on this device. */
export interface Gap {
  readonly from: Seq;
  readonly to: Seq;
  /** Messages that are missing; at the other places are own ones, which are here. */
  readonly missed: number;
}

/** An entry's content as it is kept. A message's is kept as it was written, so that a newer program can read it anew. */
type Kept =
  | { readonly kind: 'message'; readonly written: string }
  | Extract<Content, { kind: 'unreadable' | 'membership' | 'expired' }>;

const version = 1;
/** Longest name of an unknown kind that is shown. */
const nameCharsMax = 64;

export function writeText(text: string): string {
  return JSON.stringify({ v: version, kind: 'text', text });
}

/** Reads what some program wrote into a message. Never throws. */
export function readContent(written: string): Content {
  const value = fieldsOf(written);
  if (value === null) return { kind: 'unknown', name: null, fallback: null };
  const { v, kind, text, fallback } = value;
  if (v === version && kind === 'text' && typeof text === 'string') return { kind: 'text', text };
  const image = imageOf(value);
  if (image) return { kind: 'image', image: previewOf(image.reference), caption: image.caption };
  return {
    kind: 'unknown',
    name: typeof kind === 'string' ? kind.slice(0, nameCharsMax) : null,
    fallback: typeof fallback === 'string' ? fallback : null,
  };
}

/** Whether somebody said it. */
export function isMessage({ kind }: Content): boolean {
  return kind !== 'membership' && kind !== 'expired';
}

/** What a search finds a message by; null when there is nothing. */
export function searchText(content: Content): string | null {
  if (content.kind === 'text') return content.text;
  if (content.kind === 'image') return content.caption || null;
  return content.kind === 'unknown' ? content.fallback : null;
}

// --- as entries are kept

export function keepMessage(written: string): string {
  return keep({ kind: 'message', written });
}

export function keepUnreadable(reason: string): string {
  return keep({ kind: 'unreadable', reason });
}

export function keepMembership({ change, users, admin, doubt }: MembershipNote): string {
  return keep({ kind: 'membership', change, users, admin, ...(doubt !== undefined && { doubt }) });
}

export function keepGap({ from, to, missed }: Gap): string {
  return keep({ kind: 'expired', from, to, missed });
}

/** Reads what one of the functions above made, perhaps in an older version of this program. */
export function contentOf(entry: Pick<LocalEntry, 'content'>): Content {
  const kept = parse(entry.content) as Kept | null;
  switch (kept?.kind) {
    case 'message':
      return readContent(kept.written);
    case 'unreadable':
    case 'membership':
    case 'expired':
      return kept;
    default:
      return { kind: 'unknown', name: null, fallback: null };
  }
}

/** Where the image of an entry is and what opens it; null when it has none. */
export function imageIn(entry: Pick<LocalEntry, 'content'>): ImageReference | null {
  const kept = parse(entry.content) as Kept | null;
  const value = kept?.kind === 'message' ? fieldsOf(kept.written) : null;
  return (value && imageOf(value)?.reference) ?? null;
}

/** The part of an entry that is kept as it arrived. */
export function headOf({ conversation, seq, at, sender, device, clientId }: Entry): Omit<LocalEntry, 'content'> {
  return { conversation, seq, at, sender, device, clientId };
}

// ---

function keep(kept: Kept): string {
  return JSON.stringify(kept);
}

/** Null for what is no object. */
function fieldsOf(written: string): Fields | null {
  const value = parse(written);
  return typeof value === 'object' && value !== null ? (value as Fields) : null;
}

type Fields = Readonly<Record<string, unknown>>;

function imageOf(value: Fields): ImageContent | null {
  return value.v === version && value.kind === 'image' ? readImageContent(value) : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
