import { describe, expect, it } from 'vitest';
import { createProgress, type ProgressUpdate } from '../../../src/metrics/reporters/progress.ts';

const first: ProgressUpdate = {
  phase: 'measure',
  elapsedMs: 10_000,
  totalMs: 40_000,
  users: 500,
  offeredPerSec: 200,
  acceptedPerSec: 199,
  deliveredPerSec: 398,
  p99Ms: 34,
  errors: 0,
  faults: [],
};

function output(terminal: boolean, width = 160) {
  const printed: string[] = [];
  return { printed, print: (text: string) => void printed.push(text), color: false, width, terminal };
}

describe('progress on a terminal', () => {
  it('redraws one line that never wraps', () => {
    const out = output(true, 60);
    const progress = createProgress(out);
    progress.update(first);
    progress.update({ ...first, elapsedMs: 11_000, faults: ['kill s2'] });
    for (const text of out.printed) {
      expect(text.startsWith('\r\u001b[2K')).toBe(true);
      expect(text.slice('\r\u001b[2K'.length).length).toBeLessThan(60);
      expect(text).not.toContain('\n');
    }
  });

  it('tells phase, time left, users, rates, p99, errors and faults', () => {
    const out = output(true);
    createProgress(out).update({ ...first, faults: ['kill s2'], step: { index: 2, count: 18, label: 'cpu' } });
    expect(out.printed[0]).toContain(
      '[2/18 cpu] ████░░░░░░░░░░░░ 30 s left measure · 500 users · offered 200/s · accepted 199/s · delivered 398/s · p99 34.0 ms · 0 errors · kill s2',
    );
  });

  it('leaves an empty line behind and says nothing afterwards', () => {
    const out = output(true);
    const progress = createProgress(out);
    progress.update(first);
    progress.done();
    progress.update(first);
    progress.done();
    expect(out.printed).toHaveLength(2);
    expect(out.printed[1]).toBe('\r\u001b[2K');
  });
});

describe('progress elsewhere', () => {
  it('prints a plain line every five seconds', () => {
    const out = output(false);
    const progress = createProgress(out);
    for (let elapsedMs = 0; elapsedMs <= 11_000; elapsedMs += 500) progress.update({ ...first, elapsedMs });
    expect(out.printed.map((line) => line.split(':')[0])).toEqual(['0 ms', '5 s', '10 s']);
    expect(out.printed.every((line) => line.endsWith('\n') && !line.includes('\u001b'))).toBe(true);
  });

  it('prints at once when the phase, the run or the faults change', () => {
    const out = output(false);
    const progress = createProgress(out);
    progress.update(first);
    progress.update({ ...first, faults: ['kill s2'] });
    progress.update({ ...first, phase: 'drain' });
    progress.update({ ...first, step: { index: 2, count: 4, label: 'cpu' }, elapsedMs: 0 });
    expect(out.printed).toHaveLength(4);
  });
});
