/** A finished comparison, made without running anything. */
import type { ComparedMetric, Comparison, ComparisonArm, Difference } from '../../src/metrics/comparison.ts';
import { operations } from '../../src/metrics/run.ts';
import { noise, sampleDistribution, sampleRun } from './sample-runs.ts';

const names = ['least-connections', 'random', 'round-robin', 'two-choices', 'cpu', 'memory'];
/** How slow each strategy is, relative to the baseline. */
const slowness = [1, 2.4, 2.1, 1.2, 0.8, 1.05];

/** Six strategies, one server of three at half speed. */
export function sampleComparison(options: { readonly hostile?: string; readonly blocks?: number } = {}): Comparison {
  const { hostile = '', blocks = 4 } = options;
  const run = sampleRun({ name: 'strategy-comparison', hostile });
  const arms = names.map((name) => name + hostile);
  const random = noise(7);
  const range = Array.from({ length: blocks }, (_, block) => block);
  return {
    schema: 1,
    scenario: {
      name: `strategy-comparison${hostile}`,
      description: `One server of three runs at half speed.${hostile}`,
    },
    backend: 'processes',
    startedAt: run.record.startedAt,
    seed: 42,
    baseline: arms[0]!,
    blocks: range.map((block) => ({
      block,
      traceHash: `trace-${block}`,
      order: [...arms.slice(block % arms.length), ...arms.slice(0, block % arms.length)],
    })),
    arms: arms.map((name, index) => sampleArm(name, slowness[index]!, range)),
    metrics: [
      sampleMetric('delivery.p50', 'ms', 6, arms, random, range),
      sampleMetric('delivery.p99', 'ms', 120, arms, random, range),
      sampleMetric('accepted.p99', 'ms', 80, arms, random, range),
      sampleMetric('cpuUsPerMessage.server', 'µs', 410, arms, random, range),
      sampleMetric('lost', 'count', 0, arms, random, range),
    ],
    findings: [
      `cpu is 24 ms (18 %) lower at delivery.p99 than least-connections, 95 % interval 12 to 36 ms, 4 trials${hostile}`,
      'delivery.p50: no difference shown between least-connections and memory',
    ],
    instrument: run.summary.instrument,
    verdict: 'pass',
    reasons: [],
    again: `nawaab compare strategy-comparison --seed 42${hostile}`,
    machine: run.record.machine,
    versions: run.record.versions,
    notes: run.record.notes,
  };
}

/** Every arm named, no block finished. */
export function emptyComparison(): Comparison {
  const whole = sampleComparison({ blocks: 0 });
  return {
    ...whole,
    verdict: 'unknown',
    reasons: ['no block was finished by every strategy'],
    findings: [],
    metrics: [],
    arms: whole.arms.map((arm) => ({ ...arm, runs: [], distribution: emptyDistributions(), servers: [] })),
  };
}

// ---

function sampleArm(name: string, slow: number, blocks: readonly number[]): ComparisonArm {
  const distribution = Object.fromEntries(
    operations.map((operation) => [
      operation,
      sampleDistribution(6 * slow, 24_000).map((point) => ({ ...point, low: point.ms * 0.9, high: point.ms * 1.12 })),
    ]),
  ) as unknown as ComparisonArm['distribution'];
  const skew = slow > 2 ? 0 : 0.06;
  const shares = [1 / 3 + skew, 1 / 3 + skew, 1 / 3 - 2 * skew];
  return {
    name,
    runs: blocks.map((block) => ({
      block,
      directory: `trials/${block}-${name}`,
      verdict: 'pass',
      instrument: 'VALID',
    })),
    distribution,
    servers: shares.map((share, index) => ({
      name: `s${index + 1}`,
      rateShare: share,
      sessionShare: share + (index - 1) * 0.02,
      cpuFraction: 0.3 + 0.1 * index,
      cpuShare: (0.3 + 0.1 * index) / 1.2,
    })),
  };
}

function sampleMetric(
  metric: string,
  unit: string,
  base: number,
  arms: readonly string[],
  random: () => number,
  blocks: readonly number[],
): ComparedMetric {
  const values = arms.map((_, index) => blocks.map(() => base * slowness[index]! * (0.9 + 0.2 * random())));
  const middle = (all: readonly number[]): number | null =>
    [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? null;
  const baseline = middle(values[0]!);
  return {
    metric,
    unit,
    better: 'lower',
    arms: arms.map((name, index) => ({ name, values: values[index]!, median: middle(values[index]!) })),
    differences: arms.slice(1).map((arm, index) => sampleDifference(arm, middle(values[index + 1]!), baseline, unit)),
  };
}

function sampleDifference(arm: string, own: number | null, baseline: number | null, unit: string): Difference {
  if (own === null || baseline === null) {
    const nothing = { difference: null, interval: null, relative: null, p: null, smallestEffect: null };
    return { arm, ...nothing, shown: 'none', words: 'no complete pair' };
  }
  const difference = own - baseline;
  const half = baseline * 0.12;
  const shown = Math.abs(difference) <= half ? 'none' : difference < 0 ? 'better' : 'worse';
  const sized = `${Math.abs(difference).toFixed(1)} ${unit} ${difference < 0 ? 'lower' : 'higher'}`;
  return {
    arm,
    difference,
    interval: [difference - half, difference + half],
    relative: baseline === 0 ? null : difference / baseline,
    p: shown === 'none' ? 0.41 : 0.016,
    smallestEffect: half * 1.4,
    shown,
    words: shown === 'none' ? 'no difference shown' : `${arm} is ${sized} than the baseline`,
  };
}

function emptyDistributions(): ComparisonArm['distribution'] {
  return Object.fromEntries(operations.map((name) => [name, []])) as unknown as ComparisonArm['distribution'];
}
