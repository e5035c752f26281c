import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { Problem } from '../../problem.ts';

/** Where `npm run build` puts the web client, beside the compiled `system/`. In a checkout there is nothing. */
const published = resolve(import.meta.dirname, '..', '..', '..', 'web');
const system = resolve(import.meta.dirname, '..', '..');
const root = resolve(system, '..', '..');
const cache = join(root, '.nawaab', 'web');

/**
 * The folder of the built web client. In a checkout it is built when its sources have changed since the last time, which
 * takes a few seconds and is said to `print`. Rejects with a `Problem` when it cannot be built.
 */
export async function webFolder(print: (line: string) => void): Promise<string> {
  if (existsSync(join(published, 'index.html'))) return published;
  const folder = join(cache, sourceHash());
  if (existsSync(join(folder, 'index.html'))) return folder;
  print('Building the web client …');
  // Others may be building the same at this moment; whoever is ready first has made it.
  const unready = join(cache, `unready-${process.pid}`);
  await buildWeb(unready);
  forgetFormer(folder);
  if (existsSync(folder)) rmSync(unready, { recursive: true });
  else renameSync(unready, folder);
  return folder;
}

/** Builds the web client into a folder, with compressed forms beside the files. Rejects with a `Problem`. */
export async function buildWeb(folder: string): Promise<void> {
  try {
    mkdirSync(folder, { recursive: true });
    const { build } = await import('vite');
    const web = join(system, 'apps', 'web');
    const options = { outDir: folder, emptyOutDir: true };
    await build({ configFile: join(web, 'vite.config.ts'), root: web, logLevel: 'error', build: options });
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Problem(`The web client could not be built (${reason}); run npm install, or start with --no-web.`, {
      cause,
    });
  }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && compressible.has(extname(entry.name))) compress(join(entry.parentPath, entry.name));
  }
}

// ---

const compressible: ReadonlySet<string> = new Set(['.html', '.js', '.css', '.svg', '.webmanifest']);

function compress(file: string): void {
  const bytes = readFileSync(file);
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}

/** Of everything that goes into the client: its own files, the parts of the system that it is built on, the packages. */
function sourceHash(): string {
  const parts = ['apps/web', 'client', 'protocol', 'adapters'].map((part) => `${part}/**/*.{ts,tsx,css,html,svg}`);
  const files = [...parts, '*.ts'].flatMap((pattern) => globSync(pattern, { cwd: system })).sort();
  const hash = createHash('sha256');
  for (const file of [...files.map((name) => join(system, name)), join(root, 'package.json')]) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** A balancer has read the files that it serves, so no running system needs those of a former build. */
function forgetFormer(present: string): void {
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    if (folder !== present && !name.startsWith('unready-')) rmSync(folder, { recursive: true, force: true });
  }
}
