import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CheckName, checkNames, firstDivergence } from '../../src/metrics/index.ts';
import { fuzz, replay } from '../../src/sim/flows/index.ts';
import type { Flow } from '../../src/sim/flows/operation.ts';
import { onGround } from '../../src/sim/flows/trial.ts';
import { mutants } from '../helpers/mutants/index.ts';

/** Thousands on a quiet machine; on a slow one, as many as fit. */
const runsMax = 3000;
const searchMs = 30_000;
const runsLeast = 200;

/** What flows have no operations for: keys, images, and watching others. */
const beyondFlows: ReadonlySet<CheckName> = new Set([
  'decrypted-exactly',
  'no-plaintext',
  'images-exact',
  'presence-true',
]);

describe('property-based flows', () => {
  it('the system keeps every promise in all of them, and every check has something to judge', async () => {
    const verdict = await fuzz({ runs: runsMax, seed: 20_260_101, timeMs: searchMs, reports: null });
    expect(verdict.text).toContain('kept every promise');
    expect(verdict.result).toBe('pass');
    expect(verdict.runs).toBeGreaterThan(runsLeast);
    // Messages expire in some worlds only.
    const leastOf = (name: CheckName) => verdict.runs / (name === 'expiry-exact' ? 12 : 4);
    for (const name of checkNames) {
      if (beyondFlows.has(name)) expect(verdict.judged[name], name).toBe(0);
      else expect(verdict.judged[name], name).toBeGreaterThan(leastOf(name));
    }
  }, 90_000);

  it('equal seeds give equal histories, event by event; another seed gives another', async () => {
    const [first, again, other] = [await historyOf(flowOf(5)), await historyOf(flowOf(5)), await historyOf(flowOf(6))];
    expect(first.events.length).toBeGreaterThan(60);
    expect(await firstDivergence(first, again)).toBeNull();
    expect(await firstDivergence(first, other)).not.toBeNull();
  });

  it('a flow gives the same history however many were tried before it', async () => {
    const signal = new AbortController().signal;
    const [first, tenth] = await onGround({ backend: 'virtual', seed: 1, signal }, async (ground) => {
      const trials = [await ground.try(flowOf(5))];
      for (let count = 0; count < 8; count++) await ground.try({ world: 1, servers: 1, operations: [] });
      return [...trials, await ground.try(flowOf(5))].map(({ run }) => run!.history);
    });
    expect(await firstDivergence(first!, tenth!)).toBeNull();
  });

  it('links that are disturbed while people write break no promise, and equal seeds disturb equally', async () => {
    const [first, again] = [await historyOf(disturbedFlow), await historyOf(disturbedFlow)];
    const faults = first.events.filter(({ op }) => op === 'fault').map(({ kind, detail }) => `${kind}: ${detail}`);
    expect(faults).toEqual([
      ...['linkSlow s1-database', 'linkCut b1-s1', 'linkHalfOpen b1-s2'].map((what) => `fault: ${what}`),
      ...['linkOpen b1-s1', 'linkOpen b1-s2'].map((what) => `heal: ${what}`),
      'fault: linkReset s2-database',
      ...['linkOpen s1-database', 'linkOpen s2-database'].map((what) => `heal: ${what}`),
    ]);
    expect(await firstDivergence(first, again)).toBeNull();
  });

  it('a flow in which nothing is owed to anybody is no proof', async () => {
    expect((await fuzz({ runs: 5, seed: 1, maxOperations: 1, reports: null })).result).toBe('unknown');
  });

  it('stops when it is told to, with the reason', async () => {
    const abort = new AbortController();
    const onRun = ({ runs }: { runs: number }): void => {
      if (runs === 5) abort.abort(new Error('stopped by hand'));
    };
    const search = fuzz({ runs: 10_000, seed: 1, reports: null, signal: abort.signal, onRun });
    await expect(search).rejects.toThrow('stopped by hand');
  });
});

describe('the bundle of a failure', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nawaab-flows-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('holds the flow, and runs it again on a system that keeps its promises', async () => {
    const { create, killers } = mutants['drop-backlog'];
    const search = { runs: 150, seed: 2, defect: create(), only: killers, reports: folder };
    const { failure, text } = await fuzz(search);
    expect(text).toContain(`Again: nawaab replay ${failure!.bundlePath}`);
    const bundle = JSON.parse(await readFile(failure!.bundlePath!, 'utf8'));
    expect(bundle).toMatchObject({ schema: 1, kind: 'flow', seed: 2, path: failure!.path, flow: failure!.flow });
    const verdict = await replay(failure!.bundlePath!, { times: 2 });
    expect(verdict).toMatchObject({ result: 'pass', times: 2, broken: 0, flow: failure!.flow });
  });

  it('is refused in one sentence when it is missing, or something else', async () => {
    await expect(replay(join(folder, 'none.json'))).rejects.toThrow('cannot be read (ENOENT)');
    const path = join(folder, 'other.json');
    await writeFile(path, '{"schema": 2}');
    await expect(replay(path)).rejects.toThrow(`${path} is not a bundle of a flow`);
  });
});

// ---

async function historyOf(flow: Flow) {
  const signal = new AbortController().signal;
  const trial = await onGround({ backend: 'virtual', seed: 1, signal }, (ground) => ground.try(flow));
  expect(trial.findings).toEqual([]);
  return trial.run!.history;
}

const disturbedFlow: Flow = {
  ...flowOf(3),
  operations: [
    ...flowOf(5).operations.slice(0, 10),
    { do: 'slowLink', server: 1, side: 'database' },
    { do: 'send', user: 0, conversation: 0, bytes: 8 },
    { do: 'cutLink', server: 1, side: 'users' },
    { do: 'send', user: 1, conversation: 0, bytes: 200 },
    { do: 'halveLink', server: 2, side: 'users' },
    { do: 'send', user: 2, conversation: 0, bytes: 8 },
    { do: 'wait', ms: 100 },
    { do: 'healLink', server: 1, side: 'users' },
    { do: 'healLink', server: 2, side: 'users' },
    { do: 'resetLink', server: 2, side: 'database' },
    { do: 'send', user: 0, conversation: 0, bytes: 8 },
  ],
};

/** A little of everything. */
function flowOf(world: number): Flow {
  return {
    world,
    servers: 2,
    operations: [
      { do: 'signUp', user: 0 },
      { do: 'signUp', user: 1 },
      { do: 'signUp', user: 2 },
      { do: 'connect', user: 0 },
      { do: 'connect', user: 1 },
      { do: 'connect', user: 2 },
      { do: 'group', user: 0, conversation: 0 },
      { do: 'invite', user: 0, conversation: 0, who: 1 },
      { do: 'invite', user: 0, conversation: 0, who: 2 },
      { do: 'wait', ms: 100 },
      { do: 'send', user: 0, conversation: 0, bytes: 8 },
      { do: 'send', user: 1, conversation: 0, bytes: 200 },
      { do: 'killServer', server: 1 },
      { do: 'send', user: 2, conversation: 0, bytes: 8 },
      { do: 'drop', user: 1 },
      { do: 'startServer', server: 1 },
      { do: 'comeBack', user: 1 },
      { do: 'remove', user: 0, conversation: 0, who: 2 },
      { do: 'send', user: 1, conversation: 0, bytes: 8 },
    ],
  };
}
