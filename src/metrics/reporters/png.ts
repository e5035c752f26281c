/** The main charts as pictures, for places that show no page: 1600 × 900, light. */

import { differenceCharts } from './charts/comparison-charts.ts';
import { comparedDistributions, runDistribution } from './charts/distribution-charts.ts';
import { latencyOverTime } from './charts/time-charts.ts';
import { drawPicture } from './png/draw.ts';
import type { ComparisonReporter, Reporter } from './reporter.ts';

const differencesMax = 6;

export const pngReporter: Reporter = async (run, out) => {
  const { scenario, strategy, seed } = run.record;
  const about = `${scenario.name} · ${strategy} · seed ${seed} · ${doubt(run.summary)}`;
  await out.file('latency.png', await drawPicture([about], [latencyOverTime(run)]));
  await out.file('distribution.png', await drawPicture([about], [runDistribution(run)]));
};

export const pngComparisonReporter: ComparisonReporter = async (comparison, out) => {
  const { scenario, baseline, blocks } = comparison;
  const about = `${scenario.name} · ${blocks.length} trials of each strategy · ${doubt(comparison)}`;
  const differences = differenceCharts(comparison).slice(0, differencesMax);
  await out.file('distributions.png', await drawPicture([about], [comparedDistributions(comparison, 'delivery')]));
  const legend = `Difference from ${baseline}: median and 95 % interval. Circle: better; triangle: worse; hollow: no difference shown.`;
  await out.file('differences.png', await drawPicture([about, legend], differences));
};

// ---

/** A picture travels without its page, so it carries the verdict with it. */
function doubt(of: { readonly verdict: string; readonly instrument: { readonly state: string } }): string {
  return `${of.verdict}, instrument ${of.instrument.state}`;
}
