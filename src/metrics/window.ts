import type { RunRecord } from './run.ts';

/** Seconds of a run, `from` included, `to` not. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * The whole seconds inside the measure phase, because everything is recorded by the second; all seconds that it touches
 * when it is too short to hold one; empty when the run never came to it.
 */
export function measureWindow(record: RunRecord): Window {
  const phase = record.phases.find((one) => one.name === 'measure');
  if (!phase || phase.toMs <= phase.fromMs) return { from: 0, to: 0 };
  const [from, to] = [Math.ceil(phase.fromMs / 1000), Math.floor(phase.toMs / 1000)];
  return from < to ? { from, to } : { from: Math.floor(phase.fromMs / 1000), to: Math.ceil(phase.toMs / 1000) };
}

export function inWindow(window: Window, second: number): boolean {
  return second >= window.from && second < window.to;
}

export function windowSeconds(window: Window): number {
  return window.to - window.from;
}
