import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { commandLine } from '../../../src/sim/cli/command-line.ts';
import { openJunitFile } from '../../../src/sim/cli/junit-file.ts';

const home = mkdtempSync(join(tmpdir(), 'junit-file-test-'));
const status = process.exitCode;
afterAll(() => {
  vi.restoreAllMocks();
  process.exitCode = status;
  rmSync(home, { recursive: true });
});

it('one file holds the verdicts of all scenarios of a command, in a folder that was not there', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const junit = join(home, 'new', 'junit.xml');
  const small = '--users 6 --duration 500ms --set pace.perSec=10 --set thresholds=[] --headless';
  const args = `run steady-chat strategy-comparison --backend virtual --seed 1 ${small} --reports ${home} --junit ${junit}`;
  expect(await commandLine(args.split(' '))).not.toBe(3);
  const xml = readFileSync(junit, 'utf8');
  expect(xml).toContain('<testsuites name="steady-chat, strategy-comparison" ');
  for (const name of ['steady-chat', 'strategy-comparison'])
    expect(xml).toContain(`<testcase classname="${name}.checks" name="no-accepted-lost"/>`);
});

it('what an earlier command left is gone before anything runs, and what could not run is an error in it', () => {
  const path = join(home, 'old.xml');
  writeFileSync(path, 'of yesterday');
  const junit = openJunitFile(path);
  expect(readFileSync(path, 'utf8')).toContain('tests="0"');
  junit.failed('steady-chat', new Error('The image is not to be had.'));
  expect(readFileSync(path, 'utf8')).toMatch(
    /errors="1"[\s\S]*<testcase classname="steady-chat.run" name="verdict">\s*<error message="The image is not to be had.">/,
  );
});
