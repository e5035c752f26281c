import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { commandLine } from '../../src/sim/cli/command-line.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'scenarios-page-'));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

it('the scenario on the page about scenarios runs as it stands, and passes', { timeout: 60_000 }, async () => {
  const page = readFileSync(join(root, 'docs/scenarios.md'), 'utf8');
  const [, name, code] = /Here `([^`]+)`:\n\n```ts\n([\s\S]*?)```/.exec(page)!;
  const file = join(folder, name!);
  writeFileSync(file, code!.replace("'nawaab'", `'${root}/src/sim/index.ts'`));
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
  const reports = join(folder, 'reports');
  expect(
    await commandLine(['run', file, '--backend', 'virtual', '--seed', '1', '--headless', '--reports', reports]),
  ).toBe(0);
  expect(readdirSync(reports)).toEqual(['shop-day']);
  const { again } = JSON.parse(readFileSync(join(reports, 'shop-day', 'latest', 'run.json'), 'utf8'));
  expect(again).toBe(`npx nawaab run ${file} --seed 1 --backend virtual`);
});
