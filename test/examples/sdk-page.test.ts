import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { startRealServer } from '../helpers/real-server.ts';

const root = resolve(import.meta.dirname, '../..');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

it('the program on the page about the SDK works as it stands, twice', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-page-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startRealServer();
  cleanups.push(() => server.stop());
  const page = readFileSync(join(root, 'docs/sdk.md'), 'utf8');
  const program = /```ts\n([\s\S]*?)```/.exec(page)![1]!;
  const file = join(folder, 'greeter.ts');
  writeFileSync(file, program.replace("'nawaab/sdk'", `'${root}/src/system/sdk.ts'`));
  const run = async () => (await promisify(execFile)(process.execPath, [file, server.origin], { cwd: folder })).stdout;
  expect(await run()).toBe('number 2 of the conversation\n');
  expect(await run()).toBe('number 3 of the conversation\n');
});
