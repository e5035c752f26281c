/** All simulated users of a run, wherever they are driven: in worker threads, or in this one on virtual time. */
export interface Load {
  /** Every user has an account and a token. */
  signUp(): Promise<void>;
  /** Every user has connected once, at the traced times. */
  connect(): Promise<void>;
  /** Every conversation of the trace exists and its members know it. */
  openConversations(): Promise<void>;
  /** Sends everything at the traced times after `startMs`, a reading of the clock; resolves when the last was due. */
  send(startMs: number): Promise<void>;
  /** Everybody online; resolves true when every known message has arrived everywhere, false when `boundMs` has passed. */
  drain(boundMs: number): Promise<boolean>;
  totals(): LoadTotals;
  /** Says goodbye and writes the last of what was recorded. */
  stop(): Promise<void>;
}

/** Since the start of the run. */
export interface LoadTotals {
  readonly connected: number;
  readonly offered: number;
  readonly accepted: number;
  readonly delivered: number;
  /** Refused and unexpected disconnects. */
  readonly errors: number;
  /** 99th percentile of deliveries in the last second; null when there were none. */
  readonly p99Ms: number | null;
}
