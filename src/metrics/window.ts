import type { FaultRecord, Phase, RunRecord } from './run.ts';

/** Seconds of a run, `from` included, `to` not. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Stretches of a run, ascending, none touching another. */
export type Window = readonly Stretch[];

/**
 * The whole seconds inside the measure phase, because everything is recorded by the second; all seconds that it touches
 * when it is too short to hold one; empty when the run never came to it.
 */
export function measureWindow(record: Pick<RunRecord, 'phases'>): Window {
  return phaseWindow(record, 'measure');
}

/** The same of any phase. */
export function phaseWindow(record: Pick<RunRecord, 'phases'>, name: Phase['name']): Window {
  const phase = record.phases.find((one) => one.name === name);
  if (!phase || phase.toMs <= phase.fromMs) return [];
  const [from, to] = [Math.ceil(phase.fromMs / 1000), Math.floor(phase.toMs / 1000)];
  return [from < to ? { from, to } : { from: Math.floor(phase.fromMs / 1000), to: Math.ceil(phase.toMs / 1000) }];
}

/** Every second in which a fault was in force, if only for a part of it; what lasted to the end ends with the measure phase. */
export function faultWindow(record: Pick<RunRecord, 'phases' | 'faults'>): Window {
  const endMs = record.phases.find((one) => one.name === 'measure')?.toMs ?? 0;
  const stretchOf = ({ fromMs, toMs }: FaultRecord): Stretch => ({
    from: Math.floor(fromMs / 1000),
    to: Math.ceil((toMs ?? endMs) / 1000),
  });
  const stretches = record.faults.filter((fault) => fault.effective).map(stretchOf);
  return joined(stretches.filter(({ from, to }) => from < to));
}

export function inWindow(window: Window, second: number): boolean {
  return window.some(({ from, to }) => second >= from && second < to);
}

export function windowSeconds(window: Window): number {
  return window.reduce((sum, { from, to }) => sum + to - from, 0);
}

// ---

function joined(stretches: readonly Stretch[]): Window {
  const apart: Stretch[] = [];
  for (const one of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = apart.at(-1);
    if (last === undefined || last.to < one.from) apart.push(one);
    else apart.splice(-1, 1, { from: last.from, to: Math.max(last.to, one.to) });
  }
  return apart;
}
