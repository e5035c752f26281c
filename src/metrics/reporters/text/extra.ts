/** What a scenario has besides messages as rows: what, how many, how many a second, what it means. */
import { catalog } from '../../catalog.ts';
import { type Counted, extraCountNames, extraCounts } from '../../extra-counts.ts';
import type { Summary } from '../../run.ts';
import { bytes, count, figure, perSecond } from './format.ts';

export type ExtraRow = readonly [what: string, count: string, rate: string, meaning: string];

/** Empty where the scenario has nothing else. */
export function extraRows(summary: Summary): ExtraRow[] {
  const counted = extraCountNames.flatMap((name): ExtraRow[] => {
    const one = summary.extra[name];
    return one ? [[name, ...cells(one, extraCounts[name]), extraCounts[name].meaning]] : [];
  });
  return summary.extra['presence.changes'] ? [...counted, ...frameRows(summary)] : counted;
}

/** The same in one sentence. */
export function extraWords(summary: Summary): string {
  return extraRows(summary)
    .map(([what, howMany, rate]) => `${what} ${[howMany, rate].filter(Boolean).join(' · ')}`)
    .join(', ');
}

// ---

function cells(one: { readonly count: number; readonly perSec: number }, { isBytes }: Counted): [string, string] {
  return isBytes ? [bytes(one.count), `${bytes(one.perSec)}/s`] : [count(one.count), perSecond(one.perSec)];
}

function frameRows(summary: Summary): ExtraRow[] {
  const byServer = summary.servers.map(({ name, presencePerSec }) => `${name} ${perSecond(presencePerSec)}`);
  const perChange = (name: 'presence.framesPerChange' | 'presence.toldPerChange') => {
    const value = catalog[name].read(summary);
    return value === null ? [] : [[name, figure(value), '', catalog[name].meaning] as const];
  };
  return [
    ['presence.framesPerSec', '', perSecond(catalog['presence.framesPerSec'].read(summary)), byServer.join(', ')],
    ...perChange('presence.framesPerChange'),
    ...perChange('presence.toldPerChange'),
  ];
}
