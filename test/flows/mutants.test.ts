import { describe, expect, it } from 'vitest';
import { fuzz } from '../../src/sim/flows/index.ts';
import { mutants } from '../helpers/mutants/index.ts';

/** Twice the worst of many seeds. */
const runsMax = 150;
const operationsMax = 17;

describe('flows find every system that is known to be broken', () => {
  it.each(Object.entries(mutants))('%s', async (_, { create, killers }) => {
    const { failure, runs } = await fuzz({
      runs: runsMax,
      seed: 1,
      defect: create(),
      only: killers,
      reports: null,
    });
    expect(failure, `not found in ${runs} flows`).not.toBeNull();
    expect(killers).toContain(failure!.findings[0]!.check);
    expect(failure!.flow.operations.length).toBeLessThanOrEqual(operationsMax);
    expect(failure!.trial.verdicts.find(({ check }) => check === failure!.findings[0]!.check)?.result).toBe('fail');
  });

  it('a failure comes again from its seed and path, alone', async () => {
    const { create, killers } = mutants['lose-hints'];
    const search = { seed: 1, only: killers, reports: null };
    const first = await fuzz({ ...search, runs: runsMax, defect: create() });
    const again = await fuzz({ ...search, runs: runsMax, path: first.failure!.path, defect: create() });
    expect(again.failure!.flow).toEqual(first.failure!.flow);
    expect(again.failure!.findings).toEqual(first.failure!.findings);
  });
});
