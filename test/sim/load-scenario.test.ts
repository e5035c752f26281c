import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  applyOverrides,
  loadScenario,
  parseAssignment,
  parseScenario,
  scenarioNames,
} from '../../src/sim/load-scenario.ts';

const home = mkdtempSync(join(tmpdir(), 'load-scenario-'));
afterAll(() => rmSync(home, { recursive: true }));

describe('finding a scenario', () => {
  it.each(scenarioNames())('the bundled scenario %s is valid and named like its file', async (name) => {
    expect((await loadScenario(name)).name).toBe(name);
  });

  it('answers a wrong name with the right ones and the closest', async () => {
    await expect(loadScenario('stedy-chat')).rejects.toThrow(
      /no scenario "stedy-chat".*Did you mean "steady-chat".*server-crash/,
    );
  });

  it.each([
    ['own.ts', "const users: number = 7; export default { name: 'own', description: 'Typed.', users };"],
    ['own.js', "export default { name: 'own', description: 'Plain.', users: 7 };"],
    ['own.mjs', "export default { name: 'own', description: 'A module.', users: 7 };"],
    ['own.json', '{ "name": "own", "description": "Data.", "users": 7 }'],
  ])('takes the file %s, and calls for its name without the ending', async (file, text) => {
    const path = join(home, file);
    writeFileSync(path, text);
    expect(await loadScenario(path)).toMatchObject({ name: 'own', users: 7 });
    const other = join(home, `other-${file}`);
    writeFileSync(other, text);
    await expect(loadScenario(other)).rejects.toThrow('calls itself "own"; the name must be that of the file.');
  });

  it('names a file that is not there', async () => {
    await expect(loadScenario('./nowhere.ts')).rejects.toThrow(/no scenario file .*nowhere\.ts/);
  });
});

describe('laying overrides over a scenario', () => {
  it('sets a value at a path, also where nothing stood', () => {
    expect(applyOverrides({ users: 1 }, { 'cluster.probeMs': 500, users: 7 })).toEqual({
      users: 7,
      cluster: { probeMs: 500 },
    });
  });

  it('leaves the original as it was', () => {
    const base = { cluster: { probeMs: 1 } };
    applyOverrides(base, { 'cluster.probeMs': 2 });
    expect(base).toEqual({ cluster: { probeMs: 1 } });
  });

  it('refuses a field that scenarios do not have, by name', async () => {
    await expect(loadScenario('steady-chat', { 'cluster.porbeMs': 500 })).rejects.toThrow(/porbeMs/);
  });

  it('refuses paths into the prototype', () => {
    expect(() => applyOverrides({}, { '__proto__.polluted': 1 })).toThrow(/not part of a scenario/);
  });

  it.each([
    ['users=5', ['users', 5]],
    ['cluster.strategy=cpu', ['cluster.strategy', 'cpu']],
    ['topology={"kind":"pairs"}', ['topology', { kind: 'pairs' }]],
    ['description=a=b', ['description', 'a=b']],
  ])('reads the assignment %s', (text, expected) => {
    expect(parseAssignment(text)).toEqual(expected);
  });

  it('refuses what is no assignment, with an example', () => {
    expect(() => parseAssignment('users')).toThrow(/path=value/);
  });
});

describe('checking a scenario', () => {
  it('fills in every default', () => {
    const scenario = parseScenario({ name: 'x', description: 'x' }, 'x');
    expect(scenario.cluster.servers).toHaveLength(3);
    expect(scenario.pace).toEqual({ kind: 'constant', perSec: 50 });
  });

  it.each([
    [{ users: 0 }, /users/],
    [{ payload: { kind: 'fixed', bytes: 10 ** 6 } }, /bytes/],
    [{ payload: { kind: 'lognormal', medianBytes: 300, sigma: 1, maxBytes: -1 } }, /maxBytes/],
    [{ faults: [{ kind: 'meteor', at: { ms: 0 } }] }, /faults/],
    [{ cluster: { servers: [{ cpuShare: 0 }] } }, /cpuShare/],
    [
      { users: 40, topology: { kind: 'groups', count: 1, size: 41 } },
      'topology.size is 41, but there are only 40 users: use smaller groups or more users.',
    ],
    [{ turnover: { perSec: 5 } }, 'turnover needs groups, for nobody comes to a direct conversation'],
    [
      { topology: { kind: 'groups', count: 4, size: 10 }, turnover: { perSec: 5 }, watch: { each: 5 } },
      'watch and turnover do not go together',
    ],
    [{ encryption: 'mls', watch: { each: 5 } }, 'watch needs encryption none'],
    [
      { encryption: 'modelled', images: { perSec: 1, medianBytes: 10_000, sigma: 1, maxBytes: 1e6 } },
      'images need encryption none',
    ],
  ])('refuses %j', (part, message) => {
    expect(() => parseScenario({ name: 'x', description: 'x', ...part }, 'x')).toThrow(message);
  });
});
