import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Engine } from '../../../src/sim/backends/containers/engine.ts';
import { commandLine } from '../../../src/sim/cli/command-line.ts';
import { findingOf } from '../../../src/sim/cli/commands/doctor.ts';

let said = '';
beforeEach(() => {
  said = '';
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    said += `${line}\n`;
  });
});
afterEach(() => vi.restoreAllMocks());

describe('the doctor', () => {
  it('says of each backend whether it can run here', async () => {
    expect(await commandLine(['doctor'])).toBe(0);
    expect(said).toMatch(/^yes {2}processes\n +PostgreSQL is .*postgres\./m);
    expect(said).toMatch(/^(yes|no ) {2}containers\n +\S/m);
    expect(said).toMatch(/^yes {2}virtual/m);
  });

  it('says what to install where no container engine answers, and what is fetched where images are missing', () => {
    const reason = 'No container engine answers: install one.';
    expect(findingOf({ kind: 'missing', reason })).toEqual({ name: 'containers', able: false, says: [reason] });
    const engine = { version: '28.1', cpus: 8, memoryBytes: 16 * 1024 ** 3, local: true } as Engine;
    const { able, says } = findingOf({ kind: 'works', engine, missingImages: ['postgres:18'] });
    expect(able).toBe(true);
    expect(says.join(' ')).toMatch(
      /Engine 28\.1 with 8 cores and 16\.0 GiB.*cores of their own.*first run: postgres:18.*All faults are possible/,
    );
    const elsewhere = findingOf({ kind: 'works', engine: { ...engine, local: false }, missingImages: [] });
    expect(elsewhere.says.join(' ')).toMatch(/on another machine: faults of links \(linkSlow.*are refused there/);
  });
});
