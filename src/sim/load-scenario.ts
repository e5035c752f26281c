/** Finds scenario files by name, as a test runner finds tests: the folder is the registry. */
import { existsSync, readdirSync } from 'node:fs';
import { extname, parse, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { refuseContradictions } from './contradictions.ts';
import { Problem, unknownName } from './problem.ts';
import { type Scenario, scenario as scenarioSchema } from './scenario.ts';
import { scenarioProblem } from './scenario-problem.ts';

const folder: string = resolve(import.meta.dirname, '../scenarios');
const extension: string = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';

/** Names of the bundled scenarios, in alphabetical order. */
export function scenarioNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension) && !file.endsWith('.d.ts'))
    .map((file) => parse(file).name)
    .toSorted();
}

/**
 * Loads a scenario by the name of a bundled one or by the path of a file, with `overrides` laid over it, and checks it. A
 * module exports it as default; a `.json` file is it. Throws a `Problem` that names what is wrong.
 */
export async function loadScenario(nameOrPath: string, overrides: Overrides = {}): Promise<Scenario> {
  const path = scenarioPath(nameOrPath);
  const module = await importFile(path);
  if (typeof module.default !== 'object' || module.default === null) {
    throw new Problem(`${path} has no default export; write \`export default defineScenario({ … })\`.`);
  }
  const loaded = parseScenario(applyOverrides(module.default, overrides), nameOrPath);
  if (loaded.name !== parse(path).name) {
    throw new Problem(`The scenario in ${path} calls itself "${loaded.name}"; the name must be that of the file.`);
  }
  return loaded;
}

/** Checks a scenario value and fills in its defaults. `source` is named in the message. */
export function parseScenario(value: unknown, source: string): Scenario {
  const result = scenarioSchema.safeParse(value);
  if (!result.success) throw scenarioProblem(result.error, value, source);
  refuseContradictions(result.data);
  return result.data;
}

/** Dotted path in the scenario → value, as given with `--set cluster.probeMs=500`. */
export type Overrides = Readonly<Record<string, unknown>>;

/** A copy of `base` with each path set; the paths are checked by the schema afterwards. */
export function applyOverrides(base: object, overrides: Overrides): unknown {
  const copy = structuredClone(base) as Record<string, unknown>;
  for (const [path, value] of Object.entries(overrides)) setPath(copy, path.split('.'), value);
  return copy;
}

/** Reads `path=value`; the value is JSON when it parses as such, else text. */
export function parseAssignment(text: string): readonly [string, unknown] {
  const at = text.indexOf('=');
  if (at < 1) throw new Problem(`"${text}" is not of the form path=value, for example cluster.probeMs=500.`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value)];
  } catch {
    return [text.slice(0, at), value];
  }
}

// ---

function scenarioPath(nameOrPath: string): string {
  if (/[/\\]|\.([cm]?[tj]s|json)$/.test(nameOrPath)) {
    const path = resolve(nameOrPath);
    if (!existsSync(path)) throw new Problem(`There is no scenario file ${path}.`);
    return path;
  }
  if (!scenarioNames().includes(nameOrPath)) throw unknownName('scenario', nameOrPath, scenarioNames());
  return resolve(folder, nameOrPath + extension);
}

async function importFile(path: string): Promise<{ readonly default?: unknown }> {
  try {
    const type = extname(path) === '.json' ? { with: { type: 'json' } } : {};
    return await import(pathToFileURL(path).href, type);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Problem(`The scenario file ${path} cannot be loaded: ${reason}.`, { cause });
  }
}

function setPath(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (['__proto__', 'constructor', 'prototype'].includes(head))
    throw new Problem(`"${head}" is not part of a scenario.`);
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  target[head] = next;
  setPath(next, rest, value);
}
