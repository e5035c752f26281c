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

/** What names a message everywhere, in one number above 0: author below 2^21, client id below 2^32. */
export function messageKey(author: number, clientId: number): number {
  return (author + 1) * 2 ** 32 + clientId;
}

export function messageOf(key: number): { readonly author: number; readonly clientId: number } {
  return { author: Math.floor(key / 2 ** 32) - 1, clientId: key % 2 ** 32 };
}

export interface Place {
  readonly conversation: number;
  readonly seq: number;
}

/** Where each message stands: the first place that was heard of. 16 bytes a message. */
export class Places {
  readonly #conversations = new Map<number, NumberTable>();
  readonly #seqs = new Map<number, NumberTable>();

  /** Null when unknown. */
  get(author: number, clientId: number): Place | null {
    const seq = this.#seqs.get(author)?.get(clientId) ?? 0;
    return seq === 0 ? null : { conversation: this.#conversations.get(author)!.get(clientId), seq };
  }

  /** The place known before, if it is another one; null when this is the first or the same. */
  note(author: number, clientId: number, { conversation, seq }: Place): Place | null {
    const seqs = at(this.#seqs, author, () => new NumberTable());
    const conversations = at(this.#conversations, author, () => new NumberTable());
    const known = seqs.get(clientId);
    if (known === 0) {
      seqs.set(clientId, seq);
      conversations.set(clientId, conversation);
      return null;
    }
    if (known === seq && conversations.get(clientId) === conversation) return null;
    return { conversation: conversations.get(clientId), seq: known };
  }
}

/** The value at the key, made if there is none. */
export function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
