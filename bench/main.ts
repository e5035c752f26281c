/** `npm run bench -- NAME [options]`: runs one bench; without a name it says which there are. A file here is a bench. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const names: readonly string[] = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => basename(file, '.ts'))
  .toSorted();

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || name === '--help') {
  console.log('npm run bench -- NAME [options]; the last line printed is one JSON object.\n');
  for (const each of names) console.log(`  ${each.padEnd(14)} ${about(each)}`);
} else if (names.includes(name)) {
  console.log(about(name));
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...rest], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 3;
} else {
  console.error(`There is no bench "${name}". Known: ${names.join(', ')}.`);
  process.exitCode = 3;
}

/** The doc comment that opens the file, in one line. */
function about(bench: string): string {
  const text = readFileSync(join(import.meta.dirname, `${bench}.ts`), 'utf8');
  const comment = /\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '';
  return comment.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim();
}
