import { expect, it } from 'vitest';
import { progressUpdates } from '../../../src/sim/cli/progress.ts';
import { startInWords } from '../../../src/sim/engine/record.ts';
import type { RunProgress } from '../../../src/sim/engine/run.ts';

it('tells how long the cluster took to start, while its users are set up', () => {
  const phases: string[] = [];
  const heard = progressUpdates({ update: ({ phase }) => phases.push(phase), done: () => {} }, 10);
  const now: RunProgress = { phase: 'start', elapsedMs: 0, totalMs: 9000, totals: null, faults: [], start: null };
  const start = { tookMs: 5840, image: null };
  for (const next of [now, { ...now, start }, { ...now, phase: 'ramp' as const, start }]) heard(next);
  expect(phases).toEqual(['start', 'setup (cluster started in 5.8 s)', 'ramp']);
});

it.each([
  [null, 'The cluster started in 5.8 s.'],
  [{ builtMs: null }, 'The cluster started in 5.8 s; its image was there already.'],
  [{ builtMs: 4120 }, 'The cluster started in 5.8 s; its image was built in 4.1 s before.'],
])('a report tells the same, with the image %j', (image, words) => {
  expect(startInWords({ tookMs: 5840, image })).toBe(words);
});
