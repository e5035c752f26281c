import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { againOf, againOfRun, blocksOf, type ComparisonPlan } from '../../../src/sim/compare/plan.ts';
import { quoted } from '../../../src/sim/engine/record.ts';
import { parseScenario } from '../../../src/sim/load-scenario.ts';

const plans = fc.record({
  seed: fc.nat(),
  strategies: fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }),
  trials: fc.integer({ min: 1, max: 10 }),
});

describe('the plan of a comparison', () => {
  it('runs every arm exactly once in each block', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        for (const block of blocksOf(plan)) expect(block.order.toSorted()).toEqual(plan.strategies.toSorted());
      }),
    );
  });

  it('is the same for the same seed, and more trials only add blocks', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        expect(blocksOf({ ...plan, trials: plan.trials + 1 }).slice(0, plan.trials)).toEqual(blocksOf(plan));
      }),
    );
  });
});

describe('the command that makes it again', () => {
  const asked = { scenario: './my scenarios/own.ts', typed: "--set 'description=It'\\''s'" };
  const plan: ComparisonPlan = {
    schema: 1,
    scenario: parseScenario({ name: 'own', description: 'own' }, 'own'),
    backend: 'processes',
    seed: 5,
    strategies: ['random', 'cpu'],
    baseline: 'cpu',
    trials: 2,
    asked,
  };

  it('names the scenario and the options as they were typed, for the whole and for one run, also once it is resumed', () => {
    const kept: ComparisonPlan = JSON.parse(JSON.stringify(plan));
    expect(againOf(kept)).toBe(
      `npx nawaab compare './my scenarios/own.ts' --seed 5 --strategies random,cpu --trials 2 --baseline cpu ${asked.typed}`,
    );
    const [block] = blocksOf(kept);
    expect(againOfRun(kept, block!, 'cpu')).toBe(
      `npx nawaab run './my scenarios/own.ts' --seed ${block!.seed} --strategy cpu ${asked.typed}`,
    );
  });

  it('names the bundled scenario where an older version did not say what was typed', () => {
    const { asked: _, ...older } = plan;
    expect(againOf(older)).toBe('npx nawaab compare own --seed 5 --strategies random,cpu --trials 2 --baseline cpu');
  });

  it('is one word for a shell, whatever is in it', () => {
    const words = fc.array(
      fc.string({ minLength: 1 }).filter((word) => !word.includes('\0')),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(words, (said) => {
        const line = `printf '%s\\0' ${said.map(quoted).join(' ')}`;
        expect(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(said);
      }),
      { numRuns: 20 },
    );
  });
});
