/** Judges the measuring instrument itself: was the generator on time, and had it room to listen? */
import type { InstrumentLine, InstrumentVerdict } from './run.ts';
import { inWindow, type Window } from './window.ts';

type Measured = Pick<InstrumentVerdict, 'slipP99Ms' | 'lateShare' | 'eventLoopP99Ms' | 'cpuFraction'>;

interface Limit {
  readonly measure: keyof Measured;
  readonly degradedAbove: number;
  readonly invalidAbove: number;
  readonly words: (value: number) => string;
}

/**
 * - Slip is added to every latency of a send, and shows as latency of the system: 10 ms are seen in a p50, 100 ms drown it.
 * - Late share: more than 1 % late by 10 ms means that the 99th percentile of slip is above 10 ms.
 * - A blocked event loop stamps *arrivals* late. It bends the tail only, so it is given more room than slip.
 * - CPU is a cause, not an effect: it warns that the above are near, and alone never makes a run invalid.
 */
const instrumentLimits: readonly Limit[] = [
  {
    measure: 'slipP99Ms',
    degradedAbove: 10,
    invalidAbove: 100,
    words: (ms) => `sends slipped by ${ms.toFixed(1)} ms at the 99th percentile`,
  },
  {
    measure: 'lateShare',
    degradedAbove: 0.01,
    invalidAbove: 0.1,
    words: (share) => `${percent(share)} of the sends were more than 10 ms late`,
  },
  {
    measure: 'eventLoopP99Ms',
    degradedAbove: 25,
    invalidAbove: 250,
    words: (ms) => `the generator's event loop was blocked for ${ms.toFixed(1)} ms at the 99th percentile`,
  },
  {
    measure: 'cpuFraction',
    degradedAbove: 0.85,
    invalidAbove: Number.POSITIVE_INFINITY,
    words: (fraction) => `a worker of the generator used ${percent(fraction)} of a core`,
  },
];

/** Fewer sends than this say little about how punctual the generator is. */
const instrumentSendsMin = 100;

/** Of the measure phase. A phase without sends cannot be late; one whose generator said nothing is at best degraded. */
export function judgeInstrument(lines: readonly InstrumentLine[], window: Window): InstrumentVerdict {
  const measured = lines.filter((line) => inWindow(window, line.second));
  const values = measure(measured);
  const over = (limit: Limit, bound: 'degradedAbove' | 'invalidAbove') => values[limit.measure] > limit[bound];
  const exceeded = instrumentLimits.filter((limit) => over(limit, 'degradedAbove'));
  const reasons = [
    ...exceeded.map(
      (limit) => `${limit.words(values[limit.measure])} (limit ${limitText(limit, over(limit, 'invalidAbove'))})`,
    ),
    ...sampleReasons(measured),
  ];
  const invalid = instrumentLimits.some((limit) => over(limit, 'invalidAbove'));
  return { state: invalid ? 'INVALID' : reasons.length > 0 ? 'DEGRADED' : 'VALID', reasons, ...values };
}

const states = ['VALID', 'DEGRADED', 'INVALID'] as const;

/** Of several runs in words: `VALID`, or how many were not, the worst first: `INVALID in 1, DEGRADED in 2 of 18 runs`. */
export function statesInWords(ofRuns: readonly string[]): string {
  const poor = states
    .filter((state) => state !== 'VALID')
    .map((state) => ({ state, runs: ofRuns.filter((one) => one === state).length }))
    .filter(({ runs }) => runs > 0)
    .toReversed();
  if (poor.length === 0) return 'VALID';
  const told = poor.map(({ state, runs }) => `${state} in ${runs}`).join(', ');
  return `${told} of ${ofRuns.length} ${ofRuns.length === 1 ? 'run' : 'runs'}`;
}

/** The worse of two states; of equal ones the first. */
export function worseInstrument(a: InstrumentVerdict, b: InstrumentVerdict): InstrumentVerdict {
  return states.indexOf(b.state) > states.indexOf(a.state) ? b : a;
}

// ---

function measure(lines: readonly InstrumentLine[]): Measured {
  const sends = sum(lines.map((line) => line.sends));
  return {
    slipP99Ms: exceptWorstHundredth(lines.map((line) => line.slipP99Ms)),
    lateShare: sends === 0 ? 0 : sum(lines.map((line) => line.late)) / sends,
    eventLoopP99Ms: exceptWorstHundredth(lines.map((line) => line.eventLoopP99Ms)),
    cpuFraction: busiestWorker(lines),
  };
}

/** Percentiles are not averaged: this is the worst second, but for the worst one in a hundred. */
function exceptWorstHundredth(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

function busiestWorker(lines: readonly InstrumentLine[]): number {
  const byWorker = Map.groupBy(lines, (line) => line.worker);
  return Math.max(0, ...[...byWorker.values()].map((own) => sum(own.map((line) => line.cpuFraction)) / own.length));
}

function sampleReasons(lines: readonly InstrumentLine[]): string[] {
  if (lines.length === 0) return ['the generator recorded nothing about itself in the measure phase'];
  const sends = sum(lines.map((line) => line.sends));
  if (sends === 0 || sends >= instrumentSendsMin) return [];
  return [`only ${sends} sends stand behind this (${instrumentSendsMin} are needed)`];
}

/** The one that was passed: if both, the wider. */
function limitText({ measure: name, degradedAbove, invalidAbove }: Limit, isInvalid: boolean): string {
  const limit = isInvalid ? invalidAbove : degradedAbove;
  return name.endsWith('Ms') ? `${limit} ms` : percent(limit);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
