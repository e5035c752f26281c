/** The same trace on other backends, figure by figure. */
import type { FinishedRun } from '../../../run.ts';
import { type Twin, twinFigures } from '../../../twins.ts';
import { twinRows } from '../../text/twins.ts';
import { type Column, dataTable, section } from '../parts.ts';
import { type Html, html } from '../template.ts';

export function twinsSection(run: FinishedRun, twins: readonly Twin[]): Html {
  const columns: Column[] = [
    { title: '' },
    { title: run.record.backend, kind: 'number' },
    ...twins.flatMap(({ backend }): Column[] => [
      { title: backend, kind: 'number' },
      { title: 'ratio', kind: 'number' },
    ]),
  ];
  return section(
    'twins',
    'The same trace elsewhere',
    dataTable({
      caption: `Runs of this scenario with the same settings, strategy and trace: ${twins.map(({ id, backend }) => `${id} on ${backend}`).join(', ')}. A ratio is the other figure over this one.`,
      columns,
      rows: twinFigures.map((figure) => ({ cells: twinRows(run, twins, figure) })),
    }),
    twins.some(({ backend }) => backend === 'virtual') &&
      html`<p>Figures of virtual time come from a model that is not calibrated; only its checks are facts.</p>`,
  );
}
