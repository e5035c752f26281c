/**
 * Modelled payloads: base64url text of exactly the size that a ciphertext of so many bytes has. The first characters say
 * which message it is and when it was meant to be sent, so that whoever gets it can tell how long it took; the rest is
 * seeded filler, cut from a pool.
 */
import type { Random } from '../../system/index.ts';
import { isImagePayload } from './image-payload.ts';

export interface Stamp {
  /** Which run, up to 8 characters of base64url; see `runTag`. */
  readonly tag: string;
  /** Which message of the trace. */
  readonly index: number;
  /** Milliseconds since the start of the run, to the microsecond. */
  readonly intendedMs: number;
  /** When it was really sent. */
  readonly actualMs: number;
}

export interface PayloadMaker {
  /** Text of `bytes` bytes; at least 32. */
  make(stamp: Omit<Stamp, 'tag'>, bytes: number): string;
}

export function createPayloadMaker(tag: string, random: Random): PayloadMaker {
  const pool = fillerPool(random);
  const prefix = tag.padEnd(tagChars, tagFiller);
  return {
    make({ index, intendedMs, actualMs }, bytes) {
      const intendedUs = Math.max(0, Math.round(intendedMs * 1000));
      const lateUs = Math.max(0, Math.round(actualMs * 1000) - intendedUs);
      const header =
        prefix +
        digits(index, indexChars) +
        digits(intendedUs, momentChars) +
        digits(Math.min(lateUs, 64 ** lateChars - 1), lateChars);
      const remainder = bytes % 3;
      // The last character of a length that is no multiple of three has bits to spare; they are zero in proper base64url.
      const fillerChars = textChars(bytes) - headerChars - (remainder === 0 ? 0 : 1);
      const from = (index * 7919) % poolChars;
      return header + pool.slice(from, from + fillerChars) + (remainder === 0 ? '' : 'A');
    },
  };
}

/** Null when it is no modelled payload. */
export function readPayload(payload: string): Stamp | null {
  if (payload.length < headerChars || isImagePayload(payload)) return null;
  const index = number(payload, tagChars, indexChars);
  const intendedUs = number(payload, tagChars + indexChars, momentChars);
  const lateUs = number(payload, tagChars + indexChars + momentChars, lateChars);
  if (index < 0 || intendedUs < 0 || lateUs < 0) return null;
  const filled = payload.indexOf(tagFiller);
  const tag = payload.slice(0, filled >= 0 && filled < tagChars ? filled : tagChars);
  return { tag, index, intendedMs: intendedUs / 1000, actualMs: (intendedUs + lateUs) / 1000 };
}

/** Characters of base64url text, without padding, of so many bytes. */
export function textChars(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

// ---

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const values = Int8Array.from({ length: 128 }, (_, code) => alphabet.indexOf(String.fromCharCode(code)));

const tagChars = 8;
const tagFiller = '-';
const indexChars = 5;
/** 2^42 microseconds: 50 days. */
const momentChars = 7;
/** 2^30 microseconds: 17 minutes. */
const lateChars = 5;
const headerChars = tagChars + indexChars + momentChars + lateChars;

const poolChars = 65_536;
const payloadCharsMax = 60_000;

/** Long enough to cut the largest payload at every place. */
function fillerPool(random: Random): string {
  const bytes = random.bytes(poolChars);
  const chars = Array.from(bytes, (byte) => alphabet[byte & 63]).join('');
  return chars + chars.slice(0, payloadCharsMax);
}

function digits(value: number, count: number): string {
  let text = '';
  for (let rest = value, i = 0; i < count; i++) {
    text = alphabet[rest % 64] + text;
    rest = Math.floor(rest / 64);
  }
  return text;
}

/** Below zero when a character is not of the alphabet. */
function number(text: string, from: number, count: number): number {
  let value = 0;
  for (let i = from; i < from + count; i++) {
    const digit = values[text.charCodeAt(i)] ?? -1;
    if (digit < 0) return -1;
    value = value * 64 + digit;
  }
  return value;
}
