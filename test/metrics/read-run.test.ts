import { appendFileSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ComponentSample,
  type CountLine,
  concludeRun,
  createHistoryWriter,
  createLatencyRecorder,
  createLineWriter,
  createRunDirectory,
  historyPath,
  type InstrumentLine,
  type RunDirectory,
  type RunRecord,
  readRun,
} from '../../src/metrics/index.ts';
import { sampleRun } from '../helpers/sample-runs.ts';
import { directTalk, event } from './checks/histories.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nawaab-runs-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Seconds 0 and 1 are ramp, 2 to 11 measure, 12 drain. Each measured second 100 messages are due, of 4 ms each. */
const record: RunRecord = {
  ...sampleRun().record,
  complete: true,
  aborted: null,
  faults: [],
  servers: ['s1', 's2'],
  phases: [
    { name: 'ramp', fromMs: 0, toMs: 2000 },
    { name: 'measure', fromMs: 2000, toMs: 12_000 },
    { name: 'drain', fromMs: 12_000, toMs: 13_000 },
  ],
};

describe('a run on disk', () => {
  it('is read back as the numbers of its measure phase', async () => {
    const { summary, series, distribution } = await concludeRun((await recordRun()).path);
    expect(summary.verdict).toBe('pass');
    expect(summary.latency.delivery).toMatchObject({ count: 1000, p999: null });
    expect(summary.latency.delivery.p99).toBeCloseTo(4, 2);
    expect(summary.rates).toEqual({ offered: 100, accepted: 100, delivered: 98 });
    expect(summary.counts).toMatchObject({ users: 2, offered: 1000, accepted: 1000, delivered: 980, lost: 0 });
    expect(summary.servers.map((server) => server.acceptedPerSec)).toEqual([75, 25]);
    expect(summary.fairness.rate).toEqual({ jain: 0.8, maxOverMean: 1.5 });
    expect(summary.cpuUsPerMessage).toEqual({ server: 2e6 / 980, balancer: null, database: null, generator: null });
    expect(summary.instrument.state).toBe('VALID');
    expect(series.map(({ backlog }) => backlog)).toEqual([0, 0, ...Array(10).fill(20), 0]);
    expect(series[5]?.latency.delivery?.p50).toBeCloseTo(4, 2);
    expect(series[5]?.latency.connect).toBeNull();
    expect(distribution.delivery.at(-1)?.ms).toBeCloseTo(4, 2);
  });

  it('judges its history and thresholds, and keeps the verdict', async () => {
    const thresholds = ['delivery.p99 < 200ms', 'accepted.rate >= 99.9%', 'lost == 0'];
    const { path } = await recordRun();
    const concluded = await concludeRun(path, thresholds);
    expect(concluded.summary.thresholds.map(({ result }) => result)).toEqual(['pass', 'pass', 'pass']);
    expect(concluded.summary.checks.find(({ check }) => check === 'no-accepted-lost')?.result).toBe('pass');
    expect(await readRun(path)).toEqual(concluded);
    expect((await concludeRun(path, ['delivery.p50 < 1ms'])).summary).toMatchObject({
      verdict: 'fail',
      reasons: [expect.stringMatching(/^threshold delivery.p50 < 1ms was missed: 4/)],
    });
  });

  it('judges what a threshold is narrowed to: one server, or the seconds of a fault', async () => {
    const fault = { kind: 'slow', target: 's1', fromMs: 3500, toMs: 5200, effective: true, proof: '' };
    const { path } = await recordRun({ ...record, faults: [fault, { ...fault, fromMs: 5000, toMs: 6000 }] });
    const thresholds = [
      'delivery.max{server=s1} < 5ms',
      'delivery.max{server=s2} < 5ms',
      'delivered.perSec{phase=fault} == 100',
      'delivered.perSec{phase=drain} == 20',
      'servers.cpu.max{server=s1,phase=fault} < 0.11',
      'delivery.max{server=s9} < 5ms',
    ];
    await slowServer1(path);
    const { summary } = await concludeRun(path, thresholds);
    expect(summary.thresholds.map(({ result, actual }) => [result, actual && Math.round(actual * 10) / 10])).toEqual([
      ['fail', 9],
      ['pass', 4],
      ['pass', 100],
      ['pass', 20],
      ['pass', 0.1],
      ['unknown', null],
    ]);
  });

  it('counts requests over HTTP by the second in which they were due', async () => {
    const { path } = await recordRun();
    await writeAll(path, 'http', [
      { second: 1, due: 50, answers: { '200': 50 }, retryAfter: 0 },
      { second: 2, due: 50, answers: { '200': 40 }, retryAfter: 0 },
      { second: 11, due: 50, answers: {}, retryAfter: 0 },
      { second: 2, due: 0, answers: { '200': 2, '503': 3 }, retryAfter: 3 },
      { second: 11, due: 0, answers: { '200': 48, '429': 1, '500': 1 }, retryAfter: 1 },
    ]);
    const { summary } = await concludeRun(path, ['http.2xx == 90', 'http.429 == 1', 'http.5xx == 4', 'http.503 == 3']);
    expect(summary.http).toEqual({
      due: 100,
      answers: { '200': 90, '429': 1, '500': 1, '503': 3 },
      unanswered: 5,
      retryAfter: 4,
      okPerSec: 9,
    });
    expect(summary.thresholds.map(({ result }) => result)).toEqual(['pass', 'pass', 'pass', 'pass']);
  });

  it('without requests over HTTP cannot be held to a promise about them', async () => {
    const { summary } = await concludeRun((await recordRun()).path, ['http.429 == 0']);
    expect(summary.http).toBeNull();
    expect(summary.thresholds[0]?.result).toBe('unknown');
  });

  it('that a threshold has cut short has failed, whatever the end was', async () => {
    const endedEarly = { threshold: 'delivery.p99 < 3ms abortOnFail', actual: 3.2, atMs: 4500 };
    const { path } = await recordRun({ ...record, endedEarly });
    const { summary } = await concludeRun(path, ['lost == 0']);
    expect(summary).toMatchObject({
      verdict: 'fail',
      reasons: ['the run was ended early, at 4.5 s: delivery.p99 < 3ms abortOnFail was missed: 3.2'],
    });
  });

  it('that lost a server to a limit of its own has failed and says which, without the lines of its log', async () => {
    const words = 's1 was killed: out of memory (quota 64 MiB). Its last lines:\n  {}';
    const { path } = await recordRun({ ...record, losses: [{ part: 's1', atMs: 2300, words }] });
    const { summary } = await concludeRun(path, ['lost == 0']);
    expect(summary).toMatchObject({
      verdict: 'fail',
      reasons: ['at 2.3 s s1 was killed: out of memory (quota 64 MiB).'],
    });
  });

  it('without a history says nothing of loss', async () => {
    const { path } = await recordRun();
    rmSync(historyPath(path, 0));
    const { summary } = await concludeRun(path, ['lost == 0']);
    expect(summary.checks).toEqual([]);
    expect(summary.thresholds[0]?.result).toBe('unknown');
    expect(summary.verdict).toBe('unknown');
  });

  it('whose history is only that of the laboratory is not judged by it', async () => {
    const { path } = await recordRun();
    rmSync(historyPath(path, 0));
    const laboratory = createHistoryWriter(historyPath(path, 'laboratory'));
    laboratory.add(event('mark', 'phase', { actor: -1, detail: 'measure' }));
    await laboratory.close();
    expect((await concludeRun(path)).summary).toMatchObject({ verdict: 'pass', checks: [] });
  });

  it('of a killed laboratory stays readable, marked incomplete, and its half line is left out', async () => {
    const directory = await recordRun({ ...record, complete: false, aborted: null });
    appendFileSync(join(directory.path, 'counts-0.jsonl'), '{"second": 13, "wor');
    const { summary, series } = await readRun(directory.path);
    expect(series).toHaveLength(13);
    expect(summary.verdict).toBe('unknown');
    expect(summary.reasons).toEqual([expect.stringMatching(/not complete: it was ended from outside/)]);
  });

  it('in which a fault left no trace is unknown', async () => {
    const fault = { kind: 'kill', target: 's1', fromMs: 3000, toMs: null, effective: false, proof: '' };
    const { path } = await recordRun({ ...record, faults: [fault] });
    const { summary } = await concludeRun(path);
    expect(summary.verdict).toBe('unknown');
    expect(summary.reasons[0]).toMatch(/nothing shows that the fault kill of s1 took effect/);
  });

  it('stopped before it began is empty, not an error', async () => {
    const directory = createRunDirectory(root, 'steady', 'early');
    directory.writeRecord({ ...record, complete: false, phases: [], servers: [] });
    const { summary, series } = await readRun(directory.path);
    expect(series).toEqual([]);
    expect(summary.rates).toEqual({ offered: 0, accepted: 0, delivered: 0 });
    expect(summary.latency.delivery.max).toBeNull();
  });
});

describe('the folder of a run', () => {
  it('is pointed to by latest, and leaves no drafts behind', async () => {
    createRunDirectory(root, 'steady', 'one');
    const two = createRunDirectory(root, 'steady', 'two');
    two.writeRecord(record);
    expect(readlinkSync(join(root, 'steady', 'latest'))).toBe('two');
    expect(readdirSync(join(root, 'steady')).sort()).toEqual(['latest', 'one', 'two']);
    expect(readdirSync(two.path)).toEqual(['run.json']);
  });

  it('is never written over', () => {
    createRunDirectory(root, 'steady', 'one');
    expect(() => createRunDirectory(root, 'steady', 'one')).toThrow(/cannot be made.*exist/);
  });

  it.each([
    ['that is missing', () => undefined, /cannot be read/],
    [
      'of something else',
      (path: string) => rmSync(join(path, 'run.json')),
      /is not the folder of a run: it has no run\.json/,
    ],
    [
      'of a newer version',
      (path: string) => writeFileSync(join(path, 'run.json'), JSON.stringify({ ...record, schema: 2 })),
      /newer version \(schema 2, known up to 1\)/,
    ],
    ['with a damaged record', (path: string) => writeFileSync(join(path, 'run.json'), '{'), /run\.json is not JSON/],
    [
      'with a record of a wrong shape',
      (path: string) => writeFileSync(join(path, 'run.json'), JSON.stringify({ ...record, seed: 'x' })),
      /run\.json has a wrong shape: seed/,
    ],
    [
      'with a wrong line',
      (path: string) => appendFileSync(join(path, 'samples-0.jsonl'), '{"tMs": 1}\n'),
      /samples-0\.jsonl:\d+ has a wrong shape: name/,
    ],
  ])('%s is refused in one sentence', async (name, spoil, message) => {
    const { path } = await recordRun();
    spoil(path);
    await expect(readRun(name === 'that is missing' ? join(root, 'nowhere') : path)).rejects.toThrow(message);
  });
});

// ---

async function recordRun(of: RunRecord = record): Promise<RunDirectory> {
  const directory = createRunDirectory(root, 'steady', 'run');
  directory.writeRecord(of);
  const history = createHistoryWriter(historyPath(directory.path, 0));
  for (const event of directTalk(5)) history.add(event);
  await history.close();
  await writeLatencies(directory.path);
  await writeAll(directory.path, 'counts', range(13).map(countsOf));
  await writeAll(directory.path, 'samples', range(14).flatMap(samplesAt));
  await writeAll(directory.path, 'instrument', range(13).map(instrumentOf));
  return directory;
}

async function writeLatencies(path: string): Promise<void> {
  const recorder = createLatencyRecorder({ worker: 0 });
  for (let i = 0; i < 1000; i++) {
    const latency = { intendedMs: 2000 + i * 10, latencyMs: 4, server: i % 2 ? 's1' : 's2' };
    recorder.record({ ...latency, operation: 'accepted' });
    recorder.record({ ...latency, operation: 'delivery' });
  }
  await writeAll(path, 'histograms', recorder.close());
}

async function slowServer1(path: string): Promise<void> {
  const recorder = createLatencyRecorder({ worker: 0 });
  recorder.record({ operation: 'delivery', intendedMs: 4000, latencyMs: 9, server: 's1' });
  const writer = createLineWriter(path, 'histograms', 0);
  writer.write(recorder.close());
  await writer.close();
}

async function writeAll<K extends Parameters<typeof createLineWriter>[1]>(
  path: string,
  name: K,
  lines: Parameters<ReturnType<typeof createLineWriter<K>>['write']>[0],
): Promise<void> {
  const writer = createLineWriter(path, name, 0);
  writer.write(lines);
  await writer.close();
}

function isMeasured(second: number): boolean {
  return second >= 2 && second < 12;
}

/** Twenty deliveries stay behind until the drain. */
function countsOf(second: number): CountLine {
  const rate = isMeasured(second) ? 100 : 0;
  const delivered = rate - (second === 2 ? 20 : 0) + (second === 12 ? 20 : 0);
  return {
    second,
    worker: 0,
    offered: rate,
    sent: rate,
    accepted: rate,
    refused: 0,
    delivered,
    expected: rate,
    connected: 2,
    disconnects: 0,
  };
}

function samplesAt(second: number): ComponentSample[] {
  return [
    ['s1', 75],
    ['s2', 25],
  ].map(([name, acceptedPerSec]) => ({
    tMs: second * 1000,
    name: String(name),
    role: 'server',
    cpuFraction: 0.1,
    cpuMicros: second * 100_000,
    rssBytes: 1e8,
    eventLoopP99Ms: 2,
    sessions: 1,
    acceptedPerSec: Number(acceptedPerSec),
    deliveredPerSec: Number(acceptedPerSec),
    presencePerSec: null,
    inFlight: 0,
  }));
}

function instrumentOf(second: number): InstrumentLine {
  const sends = isMeasured(second) ? 100 : 0;
  return { second, worker: 0, slipP99Ms: 1, slipMaxMs: 2, late: 0, sends, eventLoopP99Ms: 3, cpuFraction: 0.2 };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
