/** The page of a comparison: what was shown, by how much, and how to see it again. */

import type { Comparison } from '../../comparison.ts';
import { differenceCharts, shareCharts } from '../charts/comparison-charts.ts';
import { comparedDistributions } from '../charts/distribution-charts.ts';
import { instrumentWords } from '../text/telling.ts';
import type { Page } from './page.ts';
import { again, chartFigure, contents, heading, section, verdictBox } from './parts.ts';
import { differencesTables, findingsSection, sharesTable, trialsSection } from './sections/compared.ts';
import { instrumentSection, machineTable } from './sections/configuration.ts';
import { html } from './template.ts';

const sections = [
  ['findings', 'What was shown'],
  ['distributions', 'Distributions'],
  ['differences', 'Differences'],
  ['shares', 'Servers'],
  ['trials', 'Trials'],
  ['instrument', 'Instrument'],
  ['configuration', 'Configuration'],
  ['again', 'Run it again'],
] as const;

export function comparisonPage(comparison: Comparison): Page {
  const { scenario, arms, blocks, baseline, backend, seed } = comparison;
  const distributions = [comparedDistributions(comparison, 'delivery'), comparedDistributions(comparison, 'accepted')];
  const differences = differenceCharts(comparison);
  const shares = shareCharts(comparison);
  const instrument = instrumentWords(comparison);
  const facts = [
    `${arms.length} strategies`,
    `${blocks.length} trials of each`,
    `baseline ${baseline}`,
    `backend ${backend}`,
    `seed ${seed}`,
  ];
  const body = html`${heading({ ...scenario, facts })}
<main>
${verdictBox({ ...comparison, instrumentTold: instrument, told: 'Figures and reasons of the instrument are those of the worst trial.' })}
${contents(sections)}
${findingsSection(comparison)}
${section('distributions', 'Distributions', distributions.map(chartFigure))}
${section('differences', 'Differences from the baseline', legend(baseline), html`<div class="grid">${differences.map(chartFigure)}</div>`, differencesTables(comparison))}
${section('shares', 'How the load was shared', html`<div class="grid">${shares.map(chartFigure)}</div>`, sharesTable(comparison))}
${trialsSection(comparison)}
${instrumentSection(comparison.instrument, `the worst of all trials (${instrument})`)}
${section(
  'configuration',
  'Configuration',
  machineTable(comparison, [
    ['seed', String(seed)],
    ['started', comparison.startedAt],
  ]),
)}
${again(comparison.again)}
</main>`;
  return {
    title: `${scenario.name} · ${arms.length} strategies compared`,
    body,
    charts: [...distributions, ...differences, ...shares],
  };
}

// ---

function legend(baseline: string): ReturnType<typeof html> {
  return html`<p class="note">Dot: median of the paired differences from ${baseline}. Whiskers: its 95 % interval. A filled
circle is better, a filled triangle worse; a hollow circle means that no difference was shown.</p>`;
}
