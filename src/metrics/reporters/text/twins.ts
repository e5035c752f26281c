/** How figures of one trace on several backends read. */
import type { FinishedRun } from '../../run.ts';
import { type Twin, twinFigures } from '../../twins.ts';
import { figure, inUnit, unknown } from './format.ts';

type Figure = (typeof twinFigures)[number];

/** Its name, what it is here, then for each twin what it is there and the ratio. */
export function twinRows(
  { summary }: FinishedRun,
  twins: readonly Twin[],
  [name, unit, of]: Figure,
): readonly string[] {
  const own = of(summary);
  const others = twins.flatMap((twin) => {
    const there = of(twin.summary);
    return [inUnit(there, unit), own === null || there === null || own === 0 ? unknown : `${figure(there / own)} ×`];
  });
  return [name, inUnit(own, unit), ...others];
}

/** One sentence for each twin. */
export function twinWords(run: FinishedRun, twins: readonly Twin[]): readonly string[] {
  const told = twinFigures.slice(0, 2);
  return twins.map((twin) => {
    const said = told.map((each) => {
      const [name, here, there] = twinRows(run, [twin], each);
      return `${name} ${there} there and ${here} here`;
    });
    return `The same trace ran on ${twin.backend} (${twin.id}): ${said.join(', ')}.`;
  });
}
