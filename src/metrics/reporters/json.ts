import type { ComparisonReporter, Reporter } from './reporter.ts';

/** `summary.json`: the measure phase in numbers; its schema is `docs/schemas/summary.json`. */
export const jsonReporter: Reporter = (run, out) => out.file('summary.json', pretty(run.summary));

/** `comparison.json`; its schema is `docs/schemas/comparison.json`. */
export const jsonComparisonReporter: ComparisonReporter = (comparison, out) =>
  out.file('comparison.json', pretty(comparison));

// ---

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
