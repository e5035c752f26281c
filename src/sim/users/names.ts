import { createSeededRandom } from '../../system/index.ts';

/**
 * Tells the users of one run from those of all others on the same cluster: 6 characters of a–z and 0–9, the same for the
 * same seed and run number.
 */
export function runTag(seed: number, run = 0): string {
  const random = createSeededRandom(seed).fork(`tag:${run}`);
  return Array.from({ length: 6 }, () => Math.floor(random.next() * 36).toString(36)).join('');
}

export function userNameOf(tag: string, index: number): string {
  return `u${index}-${tag}`;
}

/** Index of a user of this run; -1 for anybody else. */
export function userIndexOf(tag: string, name: string): number {
  if (!name.startsWith('u') || !name.endsWith(tag) || name[name.length - tag.length - 1] !== '-') return -1;
  const index = Number(name.slice(1, -tag.length - 1));
  return Number.isSafeInteger(index) && userNameOf(tag, index) === name ? index : -1;
}
