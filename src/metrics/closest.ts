/** The names, most alike first . */
export function closestFirst(name: string, known: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const scored = known.map((one) => ({ one, distance: editDistance(wanted, one.toLowerCase()) }));
  return scored.toSorted((a, b) => a.distance - b.distance).map(({ one }) => one);
}

// ---

/** Levenshtein's, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
