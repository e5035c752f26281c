import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksOf } from '../../../src/sim/compare/plan.ts';

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
