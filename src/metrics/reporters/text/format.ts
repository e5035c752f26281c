/** Numbers as readers want them: three significant digits, a unit always, an en dash for what is not known. */
import { catalog } from '../../catalog.ts';
import type { FinishedRun, OperationName, RunRecord, Summary } from '../../run.ts';
import { figure, measured } from '../charts/figures.js';

export { figure } from '../charts/figures.js';

export const unknown = '–';

export function milliseconds(ms: number | null): string {
  if (!known(ms)) return unknown;
  return Math.abs(ms) >= 10_000 ? `${measured(ms / 1000)} s` : `${measured(ms)} ms`;
}

export function perSecond(rate: number | null): string {
  return known(rate) ? `${figure(rate)}/s` : unknown;
}

/** A fraction as percent: 0.123 is `12.3 %`. */
export function percent(fraction: number | null): string {
  return known(fraction) ? `${figure(fraction * 100)} %` : unknown;
}

export function bytes(value: number | null): string {
  if (!known(value)) return unknown;
  return value >= 1024 ** 3 ? `${measured(value / 1024 ** 3)} GiB` : `${measured(value / 1024 ** 2)} MiB`;
}

export function cores(value: number | null): string {
  return known(value) ? `${value.toFixed(2)} cores` : unknown;
}

/** A whole number, all its digits. */
export function count(value: number): string {
  return known(value) ? Math.round(value).toLocaleString('en-US') : unknown;
}

/** What only a check can count: not known, rather than 0, where the check could not tell. */
export function judgedCount(summary: Summary, name: 'lost' | 'duplicated' | 'reordered'): string {
  const value = catalog[name].read(summary);
  return value === null ? unknown : count(value);
}

/** A length of time: `850 ms`, `12.5 s`, `3 min 20 s`, `1 h 2 min`. */
export function duration(ms: number | null): string {
  if (!known(ms)) return unknown;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A moment since the start of the run, to the millisecond: `12.345 s`. */
export function moment(ms: number | null): string {
  return known(ms) ? `${(ms / 1000).toFixed(3)} s` : unknown;
}

/** Units that are no more than a number. */
const plainUnits = ['', 'count', 'ratio'];

/** A value of a metric in its unit. */
export function inUnit(value: number | null, unit: string): string {
  if (!known(value)) return unknown;
  if (unit === 'ms') return `${measured(value)} ms`;
  if (plainUnits.includes(unit)) return figure(value);
  return unit.startsWith('/') ? `${figure(value)}${unit}` : `${figure(value)} ${unit}`;
}

export const operationTitles: Readonly<Record<OperationName, string>> = {
  delivery: 'delivery',
  deliveryUncorrected: 'delivery, from the actual send',
  accepted: 'accepted',
  acceptedUncorrected: 'accepted, from the actual send',
  fanOut: 'fan-out (last member)',
  connect: 'connect',
  signIn: 'sign-in',
  signInUncorrected: 'sign-in, from the actual send',
  catchUp: 'catch-up',
  presence: 'presence seen',
  upload: 'image upload',
  download: 'image download',
};

/** The operations that a latency table shows, in its order: those that happened, and the two that matter always. */
export function shownOperations(run: FinishedRun): OperationName[] {
  const order = Object.keys(operationTitles) as OperationName[];
  const always: readonly OperationName[] = ['delivery', 'accepted'];
  return order.filter((name) => always.includes(name) || run.summary.latency[name].count > 0);
}

/** Why the run is not whole, in a sentence; empty if it is. */
export function incompleteness(record: RunRecord): string {
  if (record.complete) return '';
  return `The run is not complete: ${record.aborted ?? 'it was stopped before it could say why'}.`;
}

/** Who ran on what: the line under the title. */
export function setting(record: RunRecord): string[] {
  const { strategy, mode, backend, encryption, seed } = record;
  const servers = record.servers.length;
  return [
    `strategy ${strategy}`,
    `mode ${mode}`,
    `${servers} ${servers === 1 ? 'server' : 'servers'}`,
    `backend ${backend}`,
    `encryption ${encryption}`,
    `seed ${seed}`,
  ];
}

// ---

function known(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}
