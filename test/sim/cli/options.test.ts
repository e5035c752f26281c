import { describe, expect, it } from 'vitest';
import { exitStatus, interrupted, worstStatus } from '../../../src/sim/cli/exit.ts';
import { parseCount, parseDuration, parseList } from '../../../src/sim/cli/options.ts';

describe('reading options', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['20', 20_000],
  ])('reads the duration %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', 'soon', '5 s', '-3s', '3d'])('refuses the duration "%s" with examples', (text) => {
    expect(() => parseDuration(text)).toThrow(/500ms, 30s, 2m or 1h/);
  });

  it('reads a count and refuses what is none', () => {
    expect(parseCount('--users')('12')).toBe(12);
    for (const wrong of ['0', '-1', '1.5', 'many', '']) expect(() => parseCount('--users')(wrong)).toThrow(/--users/);
  });

  it('names both ends of a range', () => {
    expect(parseCount('--port', 1, 65_535)('65535')).toBe(65_535);
    expect(() => parseCount('--port', 1, 65_535)('65536')).toThrow('--port takes a whole number from 1 to 65535');
  });

  it('reads a list and refuses gaps and repetitions', () => {
    expect(parseList('--strategies')('a, b,c')).toEqual(['a', 'b', 'c']);
    expect(() => parseList('--strategies')('a,,b')).toThrow(/commas/);
    expect(() => parseList('--strategies')('a,a')).toThrow(/twice/);
  });
});

describe('exit status', () => {
  it('is the worst of several', () => {
    expect(worstStatus([])).toBe(exitStatus.pass);
    expect(worstStatus([0, 2, 0])).toBe(exitStatus.unknown);
    expect(worstStatus([2, 1])).toBe(exitStatus.fail);
    expect(worstStatus([1, 3, 0])).toBe(exitStatus.couldNotRun);
    expect(worstStatus([3, interrupted])).toBe(interrupted);
  });
});
