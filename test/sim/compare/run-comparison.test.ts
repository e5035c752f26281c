import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Comparison } from '../../../src/metrics/index.ts';
import { backends } from '../../../src/sim/backends/index.ts';
import type { ComparisonPlan } from '../../../src/sim/compare/plan.ts';
import { readPlan, runComparison } from '../../../src/sim/compare/run-comparison.ts';
import { parseScenario } from '../../../src/sim/load-scenario.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nawaab-compare-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const plan: ComparisonPlan = {
  schema: 1,
  scenario: parseScenario(
    {
      name: 'tiny',
      description: 'tiny',
      users: 10,
      pace: { kind: 'constant', perSec: 40 },
      rampMs: 200,
      warmupMs: 500,
      measureMs: 3000,
    },
    'tiny',
  ),
  backend: 'virtual',
  seed: 5,
  strategies: ['random', 'round-robin'],
  baseline: 'random',
  trials: 2,
};

interface Journey {
  readonly ran: string[];
  readonly compared: Promise<Comparison>;
}

/** Runs the plan; gives up after `stopAfter` runs. */
function journey(stopAfter = Number.POSITIVE_INFINITY): Journey {
  const controller = new AbortController();
  const ran: string[] = [];
  const compared = runComparison({
    plan,
    directory,
    backend: backends.virtual,
    workers: 1,
    log: { write: () => undefined },
    signal: controller.signal,
    watch: (step) => {
      ran.push(`${step.block.block} ${step.strategy}`);
      return () => undefined;
    },
    finished: async (step) => {
      if (step.index === stopAfter) controller.abort(new Error('given up'));
    },
  });
  return { ran, compared };
}

describe('a comparison', () => {
  it('runs every arm once on each trace and compares equal traces only', async () => {
    const { ran, compared } = journey();
    const { blocks, arms, metrics } = await compared;
    expect(ran).toHaveLength(4);
    expect(new Set(ran).size).toBe(4);
    expect(blocks.map((block) => block.block)).toEqual([0, 1]);
    expect(new Set(blocks.map((block) => block.traceHash)).size).toBe(2);
    expect(arms.map((arm) => arm.name)).toEqual(['random', 'round-robin']);
    expect(metrics.find((metric) => metric.metric === 'delivery.p50')?.arms[0]?.values).toHaveLength(2);
  });

  it('carries on where it was interrupted, without running anything twice', async () => {
    const first = journey(3);
    await expect(first.compared).rejects.toThrow('given up');
    expect(first.ran).toHaveLength(3);
    expect(readPlan(directory)).toEqual(plan);

    const second = journey();
    const { blocks } = await second.compared;
    expect(second.ran).toHaveLength(1);
    expect(first.ran).not.toContain(second.ran[0]);
    expect(blocks).toHaveLength(2);
  });

  it('refuses to carry on in a folder that holds none', () => {
    expect(existsSync(join(directory, 'plan.json'))).toBe(false);
    expect(() => readPlan(directory)).toThrow(/not the folder of a comparison/);
  });
});
