/** The Reporter contract: one view of a finished run, or of a comparison. Must work for an empty and for a huge one. */
import type { Comparison } from '../comparison.ts';
import type { FinishedRun } from '../run.ts';

/** Where a report goes. */
export interface Writer {
  /** Writes a file of the report into the run's folder and replaces an older one of that name. */
  file(name: string, content: string | Uint8Array): Promise<void>;
  /** Prints the text as it is: no line end is added. */
  print(text: string): void;
  /** May escape codes for colour be printed? False when NO_COLOR is set or the output is no terminal. */
  readonly color: boolean;
  /** Columns that a line may take. */
  readonly width: number;
}

export type Reporter = (run: FinishedRun, out: Writer) => Promise<void>;
export type ComparisonReporter = (comparison: Comparison, out: Writer) => Promise<void>;

/** What the registry says of a reporter. */
export interface ReporterEntry<R> {
  readonly writes: readonly string[] | 'stdout';
  /** One sentence. */
  readonly does: string;
  readonly reporter: R;
}
