/** Large tables of messages as numbers: 8 bytes for each, instead of an object. */

/** Whole numbers by a small whole index from 1 on that fills nearly without holes, such as a sequence. */
export class NumberTable {
  #dense = new Float64Array(64);
  /** Indices far beyond the rest: a wrong one must not cost the memory of all below it. */
  readonly #sparse = new Map<number, number>();
  #last = 0;

  /** 0 when nothing is there. */
  get(index: number): number {
    return this.#dense[index] || (this.#sparse.get(index) ?? 0);
  }

  /** `value` is not 0. */
  set(index: number, value: number): void {
    if (index >= this.#dense.length && !this.#reach(index)) this.#sparse.set(index, value);
    else this.#dense[index] = value;
    if (index > this.#last) this.#last = index;
  }

  /** The largest index that was set. */
  get last(): number {
    return this.#last;
  }

  /** False when the index is too far off to grow to. */
  #reach(index: number): boolean {
    if (index > this.#dense.length * 4 + 4096) return false;
    const grown = new Float64Array(Math.max(index + 1, this.#dense.length * 2));
    grown.set(this.#dense);
    this.#dense = grown;
    return true;
  }
}

/** Two whole numbers below 2^21 and 2^32 as one, never 0 for a `low` above 0. */
export function pack(high: number, low: number): number {
  return high * 2 ** 32 + low;
}

export function unpack(packed: number): readonly [high: number, low: number] {
  return [Math.floor(packed / 2 ** 32), packed % 2 ** 32];
}

/** The value at the key, made if there is none. */
export function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
