/** Reading what people type. Each reader throws a `Problem` that names the value, the rule and an example. */
import { Problem } from '../problem.ts';

/** `500ms`, `30s`, `2m`, `1h`, or a plain number of seconds → milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  if (!match) throw new Problem(`"${text}" is not a duration; write 500ms, 30s, 2m or 1h.`);
  return Number(match[1]) * unitMs[(match[2] ?? 's') as keyof typeof unitMs];
}

/** A whole number of at least `min` and at most `max`. */
export function parseCount(option: string, min = 1, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    const rule = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new Problem(`${option} takes a whole number ${rule}, not "${text}".`);
  };
}

/** `a,b,c` → its parts; empty parts are refused. */
export function parseList(option: string): (text: string) => readonly string[] {
  return (text) => {
    const parts = text.split(',').map((part) => part.trim());
    if (parts.some((part) => part === ''))
      throw new Problem(`${option} takes names separated by commas, not "${text}".`);
    if (new Set(parts).size < parts.length) throw new Problem(`${option} names something twice: "${text}".`);
    return parts;
  };
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** A seed for people to type again: below 2^31. */
export function drawSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

// ---

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
