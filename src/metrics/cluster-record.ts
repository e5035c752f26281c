/** What is written down of the cluster that a run was made on. */

export interface LossRecord {
  readonly part: string;
  /** Milliseconds since the start of the run. */
  readonly atMs: number;
  readonly words: string;
}

export interface StartRecord {
  /** From the order until users could connect, without building an image. */
  readonly tookMs: number;
  /** Null: none is needed. `builtMs` is null when it was there already. */
  readonly image: { readonly builtMs: number | null } | null;
}
