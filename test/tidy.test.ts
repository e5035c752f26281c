import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = walk(join(root, 'src')).map(readSource);

/** Who may import whom, as `from` prefix → allowed prefixes; the longest matching `from` counts. */
const arrows: readonly { readonly from: string; readonly may: readonly string[] }[] = [
  { from: 'src/system/', may: ['src/system/'] },
  { from: 'src/system/apps/web/', may: ['src/system/apps/web/', 'src/system/browser.ts'] },
  { from: 'src/metrics/', may: ['src/metrics/'] },
  { from: 'src/sim/', may: ['src/sim/', 'src/system/index.ts', 'src/system/node.ts', 'src/metrics/index.ts'] },
  { from: 'src/scenarios/', may: ['src/sim/index.ts'] },
];

/** Parts of the system that meet the real world. All others are the core. */
const edges: readonly string[] = [
  'src/system/adapters/',
  'src/system/apps/',
  'src/system/browser.ts',
  'src/system/database/postgres',
  'src/system/main.ts',
  'src/system/node.ts',
  'src/system/sdk.ts',
];

/** What the core must take as a port instead. Each with what to use. */
const bannedInCore: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b|\bnew Date\(\)/, 'Clock.wall()'],
  [/\bperformance\.now\b/, 'Clock.now()'],
  [/\bMath\.random\b/, 'Random.next()'],
  [/\b(setTimeout|setInterval|setImmediate)\b/, 'Clock.after()'],
  [/\bprocess\./, 'a setting handed in at the top'],
  [/\bBuffer\b/, 'strings, or Uint8Array'],
  [/\bcrypto\./, 'Random.bytes() or Secrets'],
  [/\b(fetch|WebSocket)\(/, 'Transport'],
  [/\bconsole\./, 'Log'],
];

/** Folders whose every file must be named in their registry map. */
const registries: readonly { readonly folder: string; readonly registry: string }[] = [
  { folder: 'src/system/balancer/strategies', registry: 'src/system/balancer/strategies/index.ts' },
  { folder: 'src/system/client/images/formats', registry: 'src/system/client/images/formats/index.ts' },
  { folder: 'src/metrics/reporters', registry: 'src/metrics/reporters/index.ts' },
];

/** Packages that the core may use, and where. */
const packagesInCore: readonly { readonly name: string; readonly under: string }[] = [
  { name: 'zod', under: 'src/system/' },
  { name: 'pure-rand', under: 'src/system/' },
  { name: 'ts-mls', under: 'src/system/client/encryption/' },
];

/** Packages that only one part may use. */
const packagesInOnePlace: readonly { readonly names: readonly string[]; readonly under: string }[] = [
  { names: ['testcontainers', '@testcontainers/postgresql'], under: 'src/sim/backends/containers/' },
  { names: ['vitest'], under: 'src/sim/vitest/' },
  { names: ['ink', 'react'], under: 'src/system/apps/terminal/' },
];

const sharedByClients = 'src/system/apps/shared/';

const linesMax = 300;

describe('the house keeps its rules', () => {
  it('imports only follow the arrows of the architecture', () => {
    const offending = files.flatMap((file) =>
      file.imports.filter((to) => !allowed(file.path, to)).map((to) => `${file.path} → ${to}`),
    );
    expect(offending).toEqual([]);
  });

  it('the core of the system imports no node: module and no package but those of the table', () => {
    const offending = core().flatMap((file) =>
      packagesOf(file)
        .filter((name) => !mayUse(file.path, name.split('/', 1)[0]!))
        .map((name) => `${file.path} → ${name}`),
    );
    expect(offending).toEqual([]);
  });

  it('packages that are heavy to load are used only where the table says', () => {
    const offending = files.flatMap((file) =>
      packagesInOnePlace
        .filter(({ under }) => !file.path.startsWith(under))
        .flatMap(({ names }) => file.imports.filter((to) => names.includes(to)).map((to) => `${file.path} → ${to}`)),
    );
    expect(offending).toEqual([]);
  });

  it('what clients share uses no package and nothing of Node, for it runs in browsers too', () => {
    const shared = files.filter(({ path }) => path.startsWith(sharedByClients));
    expect(shared.length).toBeGreaterThan(0);
    expect(shared.flatMap((file) => packagesOf(file).map((name) => `${file.path} → ${name}`))).toEqual([]);
  });

  it('the core of the system takes time, chance and sockets as ports', () => {
    const offending = core().flatMap((file) =>
      bannedInCore
        .filter(([pattern]) => pattern.test(code(file.text)))
        .map(([pattern, instead]) => `${file.path}: ${pattern.source} (use ${instead})`),
    );
    expect(offending).toEqual([]);
  });

  it('the core of the system does not import its own edges', () => {
    const offending = core().flatMap((file) => file.imports.filter(isEdge).map((to) => `${file.path} → ${to}`));
    expect(offending).toEqual([]);
  });

  it(`no source file is over ${linesMax} lines`, () => {
    const offending = files
      .map((file) => [file.path, file.text.split('\n').length] as const)
      .filter(([, lines]) => lines > linesMax);
    expect(offending).toEqual([]);
  });

  it('every implementation is named in its registry map', () => {
    const offending = registries.flatMap(({ folder, registry }) => {
      const named = files.find((file) => file.path === registry)?.imports ?? [];
      const implementations = files.filter((file) => dirname(file.path) === folder && file.path !== registry);
      return implementations
        .filter((file) => !named.includes(file.path))
        .map((file) => `${file.path} is missing from ${registry}`);
    });
    expect(offending).toEqual([]);
  });
});

// ---

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return walk(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
  const imports = specifiers.map((to) => (to.startsWith('.') ? relative(root, resolve(dirname(path), to)) : to));
  return { path: relative(root, path), text, imports };
}

function packagesOf(file: SourceFile): string[] {
  return file.imports.filter((to) => !to.startsWith('src/'));
}

function allowed(from: string, to: string): boolean {
  if (!to.startsWith('src/') && !to.startsWith('..')) return true;
  const rule = arrows.find((arrow) => from.startsWith(arrow.from));
  return rule?.may.some((prefix) => to.startsWith(prefix)) ?? false;
}

function mayUse(path: string, name: string): boolean {
  return packagesInCore.some((each) => each.name === name && path.startsWith(each.under));
}

function isEdge(path: string): boolean {
  return edges.some((edge) => path.startsWith(edge));
}

function core(): SourceFile[] {
  return files.filter((file) => file.path.startsWith('src/system/') && !isEdge(file.path));
}

/** The text without comments and strings, so that prose about a banned name is no offence. */
function code(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
    .replace(/`(?:[^`\\]|\\.)*`/g, '``');
}
