/** Every reporter by name: the list for the command line, the docs and the tests. */
import { consoleComparisonReporter, consoleReporter } from './console.ts';
import { csvComparisonReporter, csvReporter } from './csv.ts';
import { htmlComparisonReporter, htmlReporter } from './html.ts';
import { jsonComparisonReporter, jsonReporter } from './json.ts';
import { junitComparisonReporter, junitReporter } from './junit.ts';
import { markdownComparisonReporter, markdownReporter } from './markdown.ts';
import { pngComparisonReporter, pngReporter } from './png.ts';
import type { ComparisonReporter, Reporter, ReporterEntry } from './reporter.ts';

export { type JunitCase, junitDocument, junitOfComparison, junitOfFailure, junitOfRun } from './junit.ts';
export { createProgress, type Progress, type ProgressUpdate } from './progress.ts';
export type * from './reporter.ts';
export { createWriter } from './writer.ts';

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
  junit: {
    writes: ['junit.xml'],
    does: 'Writes one test case for each threshold and check.',
    reporter: junitReporter,
  },
  markdown: {
    writes: ['summary.md'],
    does: 'Writes a summary for a pull request or a job summary.',
    reporter: markdownReporter,
  },
  csv: {
    writes: ['series.csv', 'samples.csv'],
    does: 'Writes every second and every sample of a component as rows.',
    reporter: csvReporter,
  },
} as const satisfies Record<string, ReporterEntry<Reporter>>;

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
  junit: {
    writes: ['junit.xml'],
    does: 'Writes one test case for each trial.',
    reporter: junitComparisonReporter,
  },
  markdown: {
    writes: ['summary.md'],
    does: 'Writes a summary for a pull request or a job summary.',
    reporter: markdownComparisonReporter,
  },
  csv: { writes: ['trials.csv'], does: 'Writes the value of every trial as rows.', reporter: csvComparisonReporter },
} as const satisfies Record<string, ReporterEntry<ComparisonReporter>>;
