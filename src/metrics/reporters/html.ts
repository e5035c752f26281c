import { comparisonPage } from './html/comparison-page.ts';
import { renderPage } from './html/page.ts';
import { runPage } from './html/run-page.ts';
import type { ComparisonReporter, Reporter } from './reporter.ts';

/** `report.html`: one file that opens offline. */
export const htmlReporter: Reporter = async (run, out) => out.file('report.html', await renderPage(runPage(run)));

/** `report.html` of a comparison: the strategies overlaid. */
export const htmlComparisonReporter: ComparisonReporter = async (comparison, out) =>
  out.file('report.html', await renderPage(comparisonPage(comparison)));
