/** Writes the pages of `docs/` that are made from code; with `--check` only says which ones are stale. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { checksPage, scenariosPage, settingsPage, strategiesPage } from './docs/choices.ts';
import { protocolPage } from './docs/protocol.ts';

const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/protocol.md': protocolPage,
  'docs/strategies.md': strategiesPage,
  'docs/scenarios.md': scenariosPage,
  'docs/checks.md': checksPage,
  'docs/settings.md': settingsPage,
};

const root: string = resolve(import.meta.dirname, '..');
const checkOnly: boolean = process.argv.includes('--check');
const stale: string[] = [];

for (const [path, make] of Object.entries(pages)) {
  const text = await make();
  const file = resolve(root, path);
  const now = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (now === text) continue;
  stale.push(path);
  if (!checkOnly) writeFileSync(file, text);
}

if (stale.length === 0) console.log('docs: up to date');
else if (checkOnly) {
  console.error(`docs: stale: ${stale.join(', ')}. Run \`npm run docs\`.`);
  process.exitCode = 1;
} else console.log(`docs: wrote ${stale.join(', ')}`);
