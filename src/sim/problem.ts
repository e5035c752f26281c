import { Problem } from '../system/index.ts';

/** Something the person at the keyboard can mend. Shown as one sentence without a stack trace; exit status 3. */
export { Problem };

/** Answers a wrong name with the right ones, the closest first. */
export function unknownName(kind: string, wrong: string, known: readonly string[]): Problem {
  const [closest] = known.toSorted((a, b) => editDistance(wrong, a) - editDistance(wrong, b));
  const hint = closest !== undefined && editDistance(wrong, closest) <= 3 ? ` Did you mean "${closest}"?` : '';
  return new Problem(`There is no ${kind} "${wrong}".${hint} Known: ${known.join(', ')}.`);
}

// ---

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
