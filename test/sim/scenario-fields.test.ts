import { describe, expect, it } from 'vitest';
import { loadScenario, parseScenario, scenarioNames } from '../../src/sim/load-scenario.ts';
import { type ScenarioField, scenarioFields } from '../../src/sim/scenario-fields.ts';

const fields = scenarioFields();
const smallest = parseScenario({ name: 'x', description: 'x' }, 'x');

describe('the fields of a scenario', () => {
  it.each(fields)('$path ($kinds) is told with its type and meaning', ({ type, meaning }) => {
    expect(type).toMatch(/^[^{]+$/);
    expect(meaning).toMatch(/\.$/);
  });

  it('are all of those that the bundled scenarios have', async () => {
    const told = new Set(fields.map(({ path }) => path));
    // Settings of servers have names of their own.
    const isTold = (path: string) => told.has(path) || path.startsWith('cluster.server.');
    for (const name of scenarioNames()) {
      expect(leavesOf(await loadScenario(name)).filter((path) => !isTold(path))).toEqual([]);
    }
  });

  it('have the defaults that a scenario gets which says nothing of them', () => {
    const given = fields.filter(({ path, default: value }) => value !== null && !path.includes('[]') && has(path));
    expect(given.length).toBeGreaterThan(15);
    const shown = given.map(({ path, default: value }) => [path, JSON.parse(value!)]);
    expect(shown).toEqual(given.map(({ path }) => [path, at(path)]));
  });

  it('are told for each kind that has them, once where they are alike', () => {
    const of = (path: string) => fields.filter((field) => field.path === path).map(({ kinds }) => kinds);
    expect(of('topology.degree')).toEqual([['friends']]);
    expect(of('faults[].at')).toEqual([null]);
    expect(of('faults[].downMs')).toEqual([['kill', 'drain'], ['databaseRestart'], ['balancerKill']]);
  });
});

// ---

function at(path: ScenarioField['path']): unknown {
  return path
    .split('.')
    .reduce((value: unknown, name) => (value as Record<string, unknown> | undefined)?.[name], smallest);
}

function has(path: ScenarioField['path']): boolean {
  return at(path) !== undefined;
}

function leavesOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) {
    const within = value.filter((each) => typeof each === 'object').flatMap((each) => leavesOf(each, `${path}[]`));
    return within.length > 0 ? within : [path];
  }
  if (typeof value !== 'object' || value === null) return [path];
  const within = Object.entries(value).flatMap(([name, each]) =>
    leavesOf(each, path === '' ? name : `${path}.${name}`),
  );
  return within.length > 0 ? within : [path];
}
