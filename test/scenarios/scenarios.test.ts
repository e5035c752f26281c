import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRunDirectory, type FinishedRun, historyHash, readHistory } from '../../src/metrics/index.ts';
import { backends } from '../../src/sim/backends/index.ts';
import { runScenario } from '../../src/sim/engine/run.ts';
import { loadScenario, scenarioNames } from '../../src/sim/load-scenario.ts';
import { unkept } from '../helpers/unkept.ts';

const reportsRoot = mkdtempSync(join(tmpdir(), 'nawaab-scenarios-'));
afterAll(() => rmSync(reportsRoot, { recursive: true, force: true }));

/** Long enough for every fault of the scenarios to begin and heal, short enough for many seeds. */
const shortened = { users: 40, measureMs: 9000, warmupMs: 1000, 'pace.perSec': 60 };
const groups = { 'topology.count': 4, 'topology.size': 10 };
/** The return too lies before the end of sending. */
const away = { 'away.forMs': 5000 };
/** Two of them end before sending does, and the pictures that others have of who went have settled in between. */
const waves = { 'waves.everyMs': 4000, 'waves.offlineMs': 3500 };
/** Shorter than anybody is away. */
const expiry = { 'cluster.server.expiryMs': 2000, 'cluster.server.expiryEveryMs': 200 };

const images = { 'images.medianBytes': 40_000, 'images.maxBytes': 500_000 };
/** Encrypting is slow, and the server is to be killed within the run. */
const encrypted = { users: 20, 'pace.perSec': 15, 'faults.0.at.ms': 4000 };

let runs = 0;
async function runVirtually(name: string, seed: number): Promise<FinishedRun> {
  const base = await loadScenario(name);
  const scenario = await loadScenario(name, {
    ...shortened,
    ...(base.topology.kind === 'groups' ? groups : {}),
    ...(base.away ? away : {}),
    ...(base.waves ? waves : {}),
    ...(base.images ? images : {}),
    ...(base.encryption === 'none' ? {} : encrypted),
    ...('expiryMs' in base.cluster.server ? expiry : {}),
  });
  const id = `${++runs}-${seed}`;
  return runScenario({
    scenario,
    seed,
    id,
    backend: backends.virtual,
    directory: createRunDirectory(reportsRoot, name, id),
    again: '',
    workers: 1,
    log: { write: () => undefined },
    signal: new AbortController().signal,
    watch: () => undefined,
  });
}

describe.each(scenarioNames())('the scenario %s in virtual time', (name) => {
  it.each([1, 2, 3])('keeps every promise with seed %i', async (seed) => {
    const run = await runVirtually(name, seed);
    const { summary } = run;
    expect(unkept(summary)).toEqual([]);
    expect(summary.counts).toMatchObject({ lost: 0, duplicated: 0, reordered: 0 });
    expect(await refusals(run)).toEqual([]);
  });
});

describe('the scenario group-churn', () => {
  it('expects exactly the deliveries that there are, while members come and go', async () => {
    const { record, series } = await runVirtually('group-churn', 5);
    const drain = record.phases.find(({ name }) => name === 'drain')!;
    expect(series.at(-1)!.backlog).toBe(0);
    expect(drain.toMs - drain.fromMs).toBeLessThan(1000);
  });
});

describe('the scenario expiry', () => {
  it.each([1, 2, 3])(
    'lets messages expire for those who are away, and tells them which, with seed %i',
    async (seed) => {
      const { summary } = await runVirtually('expiry', seed);
      expect(summary.checks.find(({ check }) => check === 'expiry-exact')?.result).toBe('pass');
    },
  );
});

describe('the scenario offline-return', () => {
  it('lets messages pile up for those who are away, and measures how long their return takes', async () => {
    const { summary, series } = await runVirtually('offline-return', 5);
    expect(Math.max(...series.map(({ backlog }) => backlog))).toBeGreaterThan(500);
    expect(series.at(-1)!.backlog).toBe(0);
    expect(summary.latency.catchUp.count).toBeGreaterThan(10);
  });
});

describe('the scenario presence-storm', () => {
  it('tells every watcher of every change, and measures how long that took', async () => {
    const { summary } = await runVirtually('presence-storm', 5);
    const { extra, latency } = summary;
    expect(extra['presence.changes']!.count).toBeGreaterThan(20);
    expect(extra['presence.unseen']!.count).toBe(0);
    expect(latency.presence.count).toBeGreaterThan(200);
    expect(latency.presence.max!).toBeLessThan(3000);
    expect(extra['typing.told']!.count).toBeGreaterThan(100);
    expect(summary.servers.every(({ presencePerSec }) => presencePerSec > 0)).toBe(true);
    expect(summary.checks.find(({ check }) => check === 'presence-true')?.result).toBe('pass');
  });
});

describe('the scenario image-sharing', () => {
  it('has every image read by all who are told of it, and denied to others, and measures how long that took', async () => {
    const { summary } = await runVirtually('image-sharing', 5);
    const { extra, latency, checks } = summary;
    expect(extra['images.uploaded']!.count).toBeGreaterThan(20);
    expect(extra['images.downloaded']!.count).toBeGreaterThan(4 * extra['images.uploaded']!.count);
    expect(extra['images.denied']!.count).toBeGreaterThan(0);
    expect(latency.upload.max!).toBeGreaterThan(10);
    expect(latency.download.count).toBeGreaterThan(100);
    expect(checks.find(({ check }) => check === 'images-exact')?.result).toBe('pass');
  });
});

describe('the scenario encrypted-chat', () => {
  it('has every member read what was written, and nothing of it stored in the clear, while members come and go', async () => {
    const { summary, record } = await runVirtually('encrypted-chat', 5);
    const { checks } = summary;
    expect(record.encryption).toBe('mls');
    for (const name of ['decrypted-exactly', 'no-plaintext']) {
      expect(checks.find(({ check }) => check === name)?.result).toBe('pass');
    }
  });

  it('is the same run for the same seed, though keys are others', async () => {
    const [first, second] = [await runVirtually('encrypted-chat', 7), await runVirtually('encrypted-chat', 7)];
    expect(await hashOf(second)).toBe(await hashOf(first));
  });
});

describe('the scenario sign-in-storm', () => {
  it('grants every sign-in, and measures how long each took from when it was due', async () => {
    const { summary } = await runVirtually('sign-in-storm', 5);
    const { http } = summary;
    expect(http!.due).toBeGreaterThanOrEqual(15 * 8);
    expect(http).toMatchObject({ answers: { '200': http!.due }, unanswered: 0, retryAfter: 0 });
    expect(summary.latency.signIn.count).toBe(http!.due);
  });
});

describe('a run in virtual time', () => {
  it('is the same, event for event, for the same seed', async () => {
    const [first, second] = [await runVirtually('server-crash', 7), await runVirtually('server-crash', 7)];
    expect(await hashOf(second)).toBe(await hashOf(first));
  });

  it('is another one for another seed', async () => {
    const [first, second] = [await runVirtually('server-crash', 7), await runVirtually('server-crash', 8)];
    expect(await hashOf(second)).not.toBe(await hashOf(first));
  });

  it('proves that its fault took effect and was healed', async () => {
    const { record } = await runVirtually('server-crash', 1);
    expect(record.faults).toHaveLength(1);
    expect(record.faults[0]).toMatchObject({ kind: 'kill', target: 's2', effective: true });
    expect(record.faults[0]!.toMs! - record.faults[0]!.fromMs).toBeGreaterThan(1000);
  });
});

/** Who is removed in the moment of writing is told that they are no member, and a stranger nothing; nothing else is ever refused. */
async function refusals(run: FinishedRun): Promise<string[]> {
  const refused: string[] = [];
  for await (const batch of readHistory(historiesOf(run))) {
    for (const { kind, op, actor, detail } of batch) {
      if (op === 'download' && detail === 'unknownPath') continue;
      if (kind === 'fail' && detail !== 'notMember') refused.push(`${op} of user ${actor}: ${detail}`);
    }
  }
  return refused;
}

function historiesOf(run: FinishedRun): string[] {
  const files = readdirSync(run.directory).filter((name) => name.startsWith('history-'));
  return files.toSorted().map((name) => join(run.directory, name));
}

function hashOf(run: FinishedRun): Promise<string> {
  return historyHash(readHistory(historiesOf(run)));
}
