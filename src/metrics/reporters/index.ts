/** Every reporter by name: the list for the command line, the docs and the tests. */
import { consoleComparisonReporter, consoleReporter } from './console.ts';
import { htmlComparisonReporter, htmlReporter } from './html.ts';
import { jsonComparisonReporter, jsonReporter } from './json.ts';
import { pngComparisonReporter, pngReporter } from './png.ts';
import type { ComparisonReporter, Reporter, ReporterEntry } from './reporter.ts';

export { createProgress, type Progress, type ProgressOutput, type ProgressUpdate } from './progress.ts';
export type * from './reporter.ts';
export { createWriter, type TextStream } from './writer.ts';

export const reporters = {
  console: {
    writes: 'stdout',
    does: 'Prints verdict, thresholds, checks, latency, throughput, servers and instrument.',
    reporter: consoleReporter,
  },
  html: { writes: ['report.html'], does: 'Writes the report as one page that opens offline.', reporter: htmlReporter },
  json: { writes: ['summary.json'], does: 'Writes the measure phase in numbers.', reporter: jsonReporter },
  png: {
    writes: ['latency.png', 'distribution.png'],
    does: 'Draws latency over time and its distribution as pictures.',
    reporter: pngReporter,
  },
} as const satisfies Record<string, ReporterEntry<Reporter>>;

export type ReporterName = keyof typeof reporters;

export const comparisonReporters = {
  console: {
    writes: 'stdout',
    does: 'Prints what was shown, and each strategy against the baseline.',
    reporter: consoleComparisonReporter,
  },
  html: {
    writes: ['report.html'],
    does: 'Writes the comparison as one page that opens offline.',
    reporter: htmlComparisonReporter,
  },
  json: { writes: ['comparison.json'], does: 'Writes the comparison in numbers.', reporter: jsonComparisonReporter },
  png: {
    writes: ['distributions.png', 'differences.png'],
    does: 'Draws the distributions of all strategies and their differences as pictures.',
    reporter: pngComparisonReporter,
  },
} as const satisfies Record<string, ReporterEntry<ComparisonReporter>>;

export type ComparisonReporterName = keyof typeof comparisonReporters;
