/** The main charts as pictures, for places that show no page: 1600 × 900, light. */

import { differenceCharts } from './charts/comparison-charts.ts';
import { comparedDistributions, runDistribution } from './charts/distribution-charts.ts';
import { latencyOverTime } from './charts/time-charts.ts';
import { writePictures } from './png/draw.ts';
import type { ComparisonReporter, Reporter } from './reporter.ts';
import { instrumentWords } from './text/telling.ts';

const differencesMax = 6;

export const pngReporter: Reporter = async (run, out) => {
  const { scenario, strategy, seed } = run.record;
  const about = `${scenario.name} · ${strategy} · seed ${seed} · ${doubt(run.summary)}`;
  const pictures = [
    { name: 'latency.png', captions: [about], charts: [latencyOverTime(run)] },
    { name: 'distribution.png', captions: [about], charts: [runDistribution(run)] },
  ];
  await writePictures(pictures, out);
};

export const pngComparisonReporter: ComparisonReporter = async (comparison, out) => {
  const { scenario, baseline, blocks } = comparison;
  const about = `${scenario.name} · ${blocks.length} trials of each strategy · ${doubt({ ...comparison, told: instrumentWords(comparison) })}`;
  const differences = differenceCharts(comparison).slice(0, differencesMax);
  const legend = `Difference from ${baseline}: median and 95 % interval. Circle: better; triangle: worse; hollow: no difference shown.`;
  const pictures = [
    { name: 'distributions.png', captions: [about], charts: [comparedDistributions(comparison, 'delivery')] },
    { name: 'differences.png', captions: [about, legend], charts: differences },
  ];
  await writePictures(pictures, out);
};

// ---

/** A picture travels without its page, so it carries the verdict with it. */
function doubt(of: {
  readonly verdict: string;
  readonly instrument: { readonly state: string };
  readonly told?: string;
}): string {
  return `${of.verdict}, instrument ${of.told ?? of.instrument.state}`;
}
