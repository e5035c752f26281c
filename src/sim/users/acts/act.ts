import type { Ms } from '../../../system/index.ts';
import type { Beliefs } from '../beliefs.ts';
import type { UserClient } from '../clients.ts';
import type { CrowdTotals } from '../crowd-contract.ts';
import type { PayloadMaker } from '../payload.ts';
import type { UserRecord } from '../record.ts';
import type { SecondsRecorder } from '../seconds.ts';
import type { Sharing } from '../sharing.ts';
import type { Trace } from '../trace/trace.ts';

/** Something that users do at moments which the trace has fixed: sending, coming and going, changing who is a member. */
export interface Act {
  /** Ascending, in milliseconds from the start of sending. */
  readonly atMs: Float64Array;
  /** Does what was due at `atMs[index]`, `lateMs` after that. */
  readonly perform: (index: number, lateMs: Ms) => void;
}

/** Who acts, and where that is counted. */
export interface Cast {
  readonly trace: Trace;
  /** The users of this crowd, ascending. */
  readonly users: Uint32Array;
  readonly tag: string;
  /** The start of sending, in milliseconds since the start of the run. */
  readonly fromMs: Ms;
  /** Milliseconds since the start of the run. */
  now(): Ms;
  isMine(user: number): boolean;
  /** Null for users of other crowds. */
  sessionOf(user: number): UserClient | null;
  recordOf(user: number): UserRecord | null;
  readonly beliefs: Beliefs;
  readonly payloads: PayloadMaker;
  readonly sharing: Sharing;
  readonly seconds: SecondsRecorder;
  readonly totals: { -readonly [name in keyof CrowdTotals]?: CrowdTotals[name] } & {
    offered: number;
    withheld: number;
  };
}
