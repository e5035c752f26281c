/**
 * Gathers what the image of server and balancer needs and nothing else: the files that `system/main` imports, directly or
 * not, the database's migrations, the packages that those name, and the built web client, which a balancer may serve. Uses no
 * package itself, so that it runs inside a build: `node image-parts.ts <checkout> <target>`.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, extname, join, relative, resolve } from 'node:path';

/** Where the image starts, relative to its folder: the same whether the code is TypeScript or compiled. */
export const imageEntry = 'start.js';

/** Where the web client is, in a published package as in the image. */
export const imageWeb: string = join('dist', 'web');

/** This file's place in a checkout or a published package, and the entry of the system there. */
const layouts = [
  { main: 'src/system/main.ts', self: 'src/sim/backends/containers/image-parts.ts' },
  { main: 'dist/system/main.js', self: 'dist/sim/backends/containers/image-parts.js' },
] as const;

/** Copies the parts from the checkout or package `from` into the folder `to`, which is made. `web`: the built web client; null: none. */
export function gatherImageParts(from: string, to: string, web: string | null): void {
  const layout = layouts.find(({ main }) => existsSync(join(from, main)));
  if (layout === undefined) throw new Error(`${from} holds neither ${layouts.map(({ main }) => main).join(' nor ')}.`);
  const { files, packages } = reachable(from, layout.main);
  for (const file of [...files, ...migrationsBeside(from, layout.main), layout.self, 'package.json'])
    copy(from, to, file);
  const taken = new Set<string>();
  for (const name of packages) takePackage({ name, near: from, root: from, at: '', to, taken });
  if (web !== null) cpSync(web, join(to, imageWeb), { recursive: true });
  writeFileSync(join(to, imageEntry), `await import('./${layout.main}');\n`);
}

// ---

function reachable(root: string, main: string): { files: ReadonlySet<string>; packages: ReadonlySet<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [main];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const to of importsOf(readFileSync(join(root, file), 'utf8'))) {
      if (to.startsWith('.')) waiting.push(relative(root, resolve(root, dirname(file), to)));
      else if (!to.startsWith('node:') && !builtinModules.includes(to)) packages.add(packageName(to));
    }
  }
  return { files, packages };
}

/** Types vanish before the code runs, so their imports do not count. */
function importsOf(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(?:import|export) type [\s\S]*?;$/gm, '');
  return [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function migrationsBeside(root: string, main: string): readonly string[] {
  const folder = join(dirname(main), 'database', 'postgres-migrations');
  return readdirSync(join(root, folder)).map((name) => join(folder, name));
}

function copy(from: string, to: string, file: string): void {
  mkdirSync(dirname(join(to, file)), { recursive: true });
  cpSync(join(from, file), join(to, file));
}

interface Wanted {
  readonly name: string;
  /** The folder from which it is looked up, as Node does. */
  readonly near: string;
  readonly root: string;
  /** The place of that folder in the image; empty for the root and whatever lies above it. */
  readonly at: string;
  readonly to: string;
  readonly taken: Set<string>;
}

/** A package and, in turn, its own; optional ones that are not installed are left out. */
function takePackage(wanted: Wanted): void {
  const { name, root, to, taken } = wanted;
  const found = lookUp(wanted);
  if (found === null || taken.has(found.at)) return;
  taken.add(found.at);
  cpSync(found.folder, join(to, found.at), { recursive: true, dereference: true, filter: isNeeded(found.folder) });
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(found.folder);
  for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) {
    takePackage({ name: next, near: found.folder, root, at: found.at, to, taken });
  }
  if (!existsSync(join(to, found.at, 'package.json'))) throw new Error(`The package ${name} could not be copied.`);
}

function lookUp({ name, near, root, at }: Wanted): { folder: string; at: string } | null {
  for (let folder = near, inside = at; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    const above = folder.length <= root.length;
    if (existsSync(join(candidate, 'package.json')))
      return { folder: candidate, at: join(above ? '' : inside, 'node_modules', name) };
    if (folder === dirname(folder)) return null;
    inside = dirname(inside);
  }
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

const notRun: ReadonlySet<string> = new Set(['.ts', '.cts', '.mts', '.md', '.map', '.markdown', '.yml']);

/** Nested packages come by themselves, if somebody needs them. */
function isNeeded(folder: string): (path: string) => boolean {
  return (path) => {
    const inside = relative(folder, path).split('/');
    return (
      !notRun.has(extname(path)) && !['node_modules', 'test', 'tests', 'docs', 'benchmarks'].includes(inside[0] ?? '')
    );
  };
}

if (import.meta.main) {
  const [from = '.', to = 'image'] = process.argv.slice(2).map((path) => resolve(path));
  const web = join(from, imageWeb);
  gatherImageParts(from, to, existsSync(web) ? web : null);
}
