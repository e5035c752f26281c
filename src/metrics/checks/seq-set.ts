/** Both ends are in it. */
export type Range = readonly [from: number, to: number];

/**
 * A set of whole numbers kept as ranges. Sequences, and ids that count up, fill without holes, so a conversation of a
 * million entries costs two numbers; each hole costs two more. A class, because a judge holds hundreds of thousands.
 */
export class SeqSet {
  readonly #starts: number[];
  readonly #ends: number[];

  /** `ranges` ascending, apart by at least one number. */
  constructor(ranges: readonly Range[] = []) {
    this.#starts = ranges.map(([from]) => from);
    this.#ends = ranges.map(([, to]) => to);
  }

  /** How many numbers are in it. */
  get size(): number {
    return this.#starts.reduce((sum, from, i) => sum + this.#ends[i]! - from + 1, 0);
  }

  get ranges(): Range[] {
    return this.#starts.map((from, i) => [from, this.#ends[i]!]);
  }

  /** Null when empty. */
  get first(): number | null {
    return this.#starts[0] ?? null;
  }

  get last(): number | null {
    return this.#ends.at(-1) ?? null;
  }

  /** False when it was in it already. */
  add(value: number): boolean {
    const final = this.#ends.length - 1;
    if (final >= 0 && this.#ends[final] === value - 1) {
      this.#ends[final] = value;
      return true;
    }
    const i = this.#at(value);
    if (i >= 0 && value <= this.#ends[i]!) return false;
    this.#insert(value, i);
    return true;
  }

  addRange([from, to]: Range): void {
    const ranges = [...subtract(this.ranges, [[from, to]]), [from, to] as const].sort((a, b) => a[0] - b[0]);
    this.#starts.length = 0;
    this.#ends.length = 0;
    for (const [start, end] of ranges) {
      if (this.#ends.at(-1) === start - 1) this.#ends[this.#ends.length - 1] = end;
      else {
        this.#starts.push(start);
        this.#ends.push(end);
      }
    }
  }

  has(value: number): boolean {
    const i = this.#at(value);
    return i >= 0 && value <= this.#ends[i]!;
  }

  /** Numbers of this set that are not in the other. */
  minus(other: SeqSet): SeqSet {
    return new SeqSet(subtract(this.ranges, other.ranges));
  }

  /** Numbers that are in both. */
  and(other: SeqSet): SeqSet {
    const ranges = this.ranges;
    return new SeqSet(subtract(ranges, subtract(ranges, other.ranges)));
  }

  copy(): SeqSet {
    return new SeqSet(this.ranges);
  }

  /** Ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (const [from, to] of this.ranges) for (let value = from; value <= to; value++) yield value;
  }

  /** Index of the last range that starts at or before the value; -1 if none. */
  #at(value: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** `i` as of `#at`. */
  #insert(value: number, i: number): void {
    const [starts, ends] = [this.#starts, this.#ends];
    const joinsLeft = i >= 0 && ends[i] === value - 1;
    const joinsRight = starts[i + 1] === value + 1;
    if (joinsLeft && joinsRight) {
      ends[i] = ends[i + 1]!;
      starts.splice(i + 1, 1);
      ends.splice(i + 1, 1);
    } else if (joinsLeft) ends[i] = value;
    else if (joinsRight) starts[i + 1] = value;
    else {
      starts.splice(i + 1, 0, value);
      ends.splice(i + 1, 0, value);
    }
  }
}

// ---

function subtract(from: readonly Range[], away: readonly Range[]): Range[] {
  const left: Range[] = [];
  let j = 0;
  for (const [start, end] of from) {
    let next = start;
    while (j < away.length && away[j]![1] < start) j++;
    for (let k = j; k < away.length && away[k]![0] <= end; k++) {
      if (away[k]![0] > next) left.push([next, away[k]![0] - 1]);
      next = away[k]![1] + 1;
    }
    if (next <= end) left.push([next, end]);
  }
  return left;
}
