/** Finished runs as the laboratory would leave them, made without running anything: the same options, the same run. */
import type { HistoryEvent } from '../../src/metrics/history/event.ts';
import {
  type ComponentSample,
  type DistributionPoint,
  type FinishedRun,
  type LatencySummary,
  type OperationName,
  operations,
  type RunRecord,
  type SecondPoint,
  type Summary,
} from '../../src/metrics/run.ts';

export interface SampleOptions {
  readonly name?: string;
  readonly strategy?: string;
  readonly seed?: number;
  /** Length of the measure phase. */
  readonly seconds?: number;
  readonly servers?: number;
  /** Put into every free text, to prove that it is shown as text. */
  readonly hostile?: string;
  /** A failing check and threshold, and an instrument in doubt. */
  readonly failing?: boolean;
  /** Users signed in meanwhile, not all with success. */
  readonly signIns?: boolean;
  /** Users watched each other. */
  readonly presence?: boolean;
}

const rampSeconds = 5;
const drainSeconds = 3;

/** A run with a server killed in the middle, whose latency shows it. */
export function sampleRun(options: SampleOptions = {}): FinishedRun {
  const { seconds = 40, servers = 3, seed = 42 } = options;
  const random = noise(seed);
  const totalSeconds = rampSeconds + seconds + drainSeconds;
  const record = sampleRecord(options, totalSeconds);
  const fault = record.faults[0]!;
  const hurt = (second: number): boolean => second * 1000 >= fault.fromMs && second * 1000 < (fault.toMs ?? Infinity);
  const series = range(totalSeconds).map((second) => samplePoint(second, totalSeconds, hurt(second), random));
  return {
    directory: '/tmp/reports/sample',
    record,
    summary: sampleSummary(options, record, servers),
    series,
    distribution: byOperation((name) => sampleDistribution(scaleOf(name), seconds * 200)),
    samples: sampleComponents(record, totalSeconds, hurt, random),
  };
}

/** A run that was stopped before anything happened. */
export function emptyRun(): FinishedRun {
  const run = sampleRun({ seconds: 1, servers: 1 });
  const nothing = { count: 0, p50: null, p90: null, p99: null, p999: null, max: null, mean: null };
  const none = { jain: 1, maxOverMean: 1 };
  return {
    ...run,
    record: {
      ...run.record,
      complete: false,
      aborted: 'stopped by Ctrl-C',
      phases: [],
      faults: [],
      servers: [],
      notes: [],
    },
    summary: {
      ...run.summary,
      verdict: 'unknown',
      reasons: ['nothing was measured'],
      instrument: {
        state: 'INVALID',
        reasons: ['no send was seen'],
        slipP99Ms: 0,
        lateShare: 0,
        eventLoopP99Ms: 0,
        cpuFraction: 0,
      },
      latency: byOperation(() => nothing),
      rates: { offered: 0, accepted: 0, delivered: 0 },
      servers: [],
      fairness: { rate: none, sessions: none, cpu: none },
      cpuUsPerMessage: { server: null, balancer: null, database: null, generator: null },
      checks: [],
      thresholds: [],
    },
    series: [],
    distribution: byOperation(() => []),
    samples: [],
  };
}

/** An hour on eight servers, every second sampled. */
export function hugeRun(): FinishedRun {
  return sampleRun({ name: 'long-haul', seconds: 3600, servers: 8, failing: true });
}

export function sampleDistribution(scaleMs: number, samples: number): DistributionPoint[] {
  const inverseMax = Math.max(Math.log10(Math.max(samples, 1)), 0);
  return [0, ...range(100).map((step) => 1 - 10 ** (-(step / 99) * inverseMax))]
    .filter((quantile) => quantile < 1)
    .map((quantile) => ({ quantile, ms: scaleMs * (0.5 + 0.7 * (-Math.log(1 - quantile)) ** 1.2) }));
}

/** Numbers in [0, 1) that depend on the seed alone. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

// ---

function sampleRecord(options: SampleOptions, totalSeconds: number): RunRecord {
  const { name = 'server-crash', strategy = 'least-connections', seed = 42, servers = 3, hostile = '' } = options;
  const measuredMs = (totalSeconds - rampSeconds - drainSeconds) * 1000;
  const endMs = rampSeconds * 1000 + measuredMs;
  const killMs = rampSeconds * 1000 + measuredMs * 0.4;
  return {
    schema: 1,
    id: `2026-08-01T09-30-00-${seed}`,
    scenario: {
      name: name + hostile,
      description: `A server is killed in mid-run; nothing accepted may be lost.${hostile}`,
    },
    resolved: { name, users: 500, cluster: { strategy, mode: 'connection', servers }, note: hostile },
    seed,
    traceHash: `trace-${seed}`,
    backend: 'processes',
    strategy: strategy + hostile,
    mode: 'connection',
    encryption: 'modelled',
    startedAt: '2026-08-01T09:30:00.000Z',
    complete: true,
    aborted: null,
    versions: { nawaab: '0.1.0', node: '24.21.0', postgres: '18.4' },
    machine: { cpus: 2, cpuModel: `Example CPU @ 2.4 GHz${hostile}`, memoryBytes: 8 * 1024 ** 3, os: 'Linux 6.8' },
    phases: [
      { name: 'setup', fromMs: 0, toMs: 1000 },
      { name: 'ramp', fromMs: 1000, toMs: 3000 },
      { name: 'warmup', fromMs: 3000, toMs: rampSeconds * 1000 },
      { name: 'measure', fromMs: rampSeconds * 1000, toMs: endMs },
      { name: 'drain', fromMs: endMs, toMs: totalSeconds * 1000 },
    ],
    faults: [
      {
        kind: 'kill',
        target: `s2${hostile}`,
        fromMs: killMs,
        toMs: killMs + Math.max(2000, measuredMs * 0.05),
        effective: true,
        proof: `process 4242 ended by SIGKILL; the next probe failed${hostile}`,
      },
    ],
    servers: range(servers).map((index) => `s${index + 1}${hostile}`),
    again: `nawaab run ${name} --backend processes --seed ${seed}${hostile}`,
    notes: [`Passwords are hashed with 1 MiB instead of 19 MiB.${hostile}`],
  };
}

function samplePoint(second: number, totalSeconds: number, hurt: boolean, random: () => number): SecondPoint {
  const sending = second >= 3 && second < totalSeconds - drainSeconds;
  const offered = sending ? Math.round(180 + 40 * random()) : 0;
  const accepted = Math.round(offered * (hurt ? 0.7 : 1));
  const slow = (hurt ? 40 : 1) * (0.9 + 0.3 * random());
  return {
    second,
    offered,
    sent: offered,
    accepted,
    refused: hurt ? offered - accepted : 0,
    delivered: accepted,
    connected: Math.min(500, second * 170),
    disconnects: hurt ? 12 : 0,
    backlog: hurt ? Math.round(60 + 60 * random()) : 0,
    latency: byOperation((name) => {
      if (!sending) return null;
      const ms = scaleOf(name) * slow;
      return { p50: ms, p90: ms * 2.2, p99: ms * 5, max: ms * 9 };
    }),
  };
}

function sampleSummary(options: SampleOptions, record: RunRecord, servers: number): Summary {
  const { failing = false, hostile = '', seconds = 40 } = options;
  const accepted = seconds * 200;
  return {
    schema: 1,
    verdict: failing ? 'fail' : 'pass',
    reasons: failing ? [`check no-accepted-lost failed: 1 accepted message was never delivered${hostile}`] : [],
    instrument: {
      state: failing ? 'DEGRADED' : 'VALID',
      reasons: failing ? [`3.1 % of sends were more than 10 ms late${hostile}`] : [],
      slipP99Ms: failing ? 14.2 : 1.9,
      lateShare: failing ? 0.031 : 0.0004,
      eventLoopP99Ms: 3.4,
      cpuFraction: 0.41,
    },
    latency: byOperation((name) => sampleLatency(scaleOf(name), accepted)),
    rates: { offered: 200, accepted: 196.4, delivered: 196.4 },
    counts: {
      users: 500,
      offered: accepted,
      accepted: accepted - 30,
      refused: 26,
      unknown: 4,
      delivered: accepted - 30,
      lost: failing ? 1 : 0,
      duplicated: 0,
      reordered: 0,
      disconnects: 168,
    },
    http: options.signIns ? sampleHttp(accepted) : null,
    extra: options.presence ? sampleExtra(accepted, seconds) : {},
    servers: record.servers.map((name, index) => ({
      name,
      acceptedPerSec: 200 / servers + index * 4,
      deliveredPerSec: 200 / servers + index * 4,
      presencePerSec: 0,
      sessions: 500 / servers + index * 3,
      cpuFraction: 0.2 + index * 0.05,
      rssBytes: (90 + index * 7) * 1024 ** 2,
      eventLoopP99Ms: 2.5 + index,
    })),
    fairness: {
      rate: { jain: 0.983, maxOverMean: 1.14 },
      sessions: { jain: 0.996, maxOverMean: 1.05 },
      cpu: { jain: 0.941, maxOverMean: 1.31 },
    },
    cpuUsPerMessage: { server: 412, balancer: 38.4, database: 655, generator: 120 },
    checks: [
      sampleCheck('exactly-once', 'pass', hostile),
      sampleCheck('no-accepted-lost', failing ? 'fail' : 'pass', hostile),
      { ...sampleCheck('sender-order', 'unknown', hostile), summary: `no sender sent twice${hostile}` },
    ],
    thresholds: [
      {
        expression: `delivery.p99 < 200ms${hostile}`,
        result: failing ? 'fail' : 'pass',
        actual: failing ? 312.4 : 143.2,
      },
      { expression: 'lost == 0', result: failing ? 'fail' : 'pass', actual: failing ? 1 : 0 },
      { expression: 'catchUp.p99 < 1s', result: 'unknown', actual: null },
    ],
  };
}

function sampleExtra(changes: number, seconds: number): Summary['extra'] {
  const counted = (count: number) => ({ count, perSec: count / seconds });
  return {
    'presence.changes': counted(changes),
    'presence.told': counted(20 * changes),
    'presence.unseen': counted(0),
  };
}

function sampleHttp(due: number): Summary['http'] {
  const answers = { '200': due - 9, '429': 3, '503': 4 };
  return { due, answers, unanswered: 2, retryAfter: 7, okPerSec: 198.4 };
}

function sampleCheck(check: string, result: 'pass' | 'fail' | 'unknown', hostile: string): Summary['checks'][number] {
  const evidence = [
    { what: `user 7 never saw message 3:19 of conversation 12${hostile}`, timeline: sampleTimeline(hostile) },
  ];
  const failed = result === 'fail';
  return {
    check,
    result,
    summary: failed ? `1 of 7,970 accepted messages was lost${hostile}` : `7,970 messages judged${hostile}`,
    violations: failed ? 1 : 0,
    evidence: failed ? evidence : [],
  };
}

function sampleTimeline(hostile: string): HistoryEvent[] {
  const base = { conversation: 12, seq: 0, clientId: 19, peer: -1, detail: '', session: 1, op: 'send' } as const;
  return [
    { ...base, t: 21_004.2, actor: 3, kind: 'invoke' },
    { ...base, t: 21_007.9, actor: 3, kind: 'ok', seq: 88 },
    {
      ...base,
      t: 21_010,
      actor: -1,
      session: 0,
      kind: 'fault',
      op: 'fault',
      conversation: 0,
      clientId: 0,
      detail: `kill s2${hostile}`,
    },
    { ...base, t: 21_012.5, actor: 5, kind: 'app', seq: 88, peer: 3 },
  ];
}

function sampleComponents(
  record: RunRecord,
  totalSeconds: number,
  hurt: (second: number) => boolean,
  random: () => number,
): ComponentSample[] {
  const others = (['balancer', 'database', 'generator'] as const).map((role) => ({ name: role, role }));
  const components = [...record.servers.map((name) => ({ name, role: 'server' as const })), ...others];
  return range(totalSeconds).flatMap((second) =>
    components.map(({ name, role }, index) => {
      const dead = index === 1 && hurt(second);
      const isServer = role === 'server';
      return {
        tMs: (second + 1) * 1000,
        name,
        role,
        cpuFraction: dead ? 0 : 0.2 + 0.15 * random() + 0.02 * index,
        cpuMicros: second * 250_000,
        rssBytes: (80 + second * 0.02 + 12 * index) * 1024 ** 2,
        eventLoopP99Ms: role === 'database' ? null : 1 + 4 * random(),
        sessions: isServer ? (dead ? 0 : Math.min(160, second * 60) + index) : null,
        acceptedPerSec: isServer ? (dead ? 0 : 60 + 12 * random()) : null,
        deliveredPerSec: isServer ? (dead ? 0 : 60 + 12 * random()) : null,
        presencePerSec: isServer ? 0 : null,
        inFlight: isServer ? Math.round(5 * random()) : null,
      };
    }),
  );
}

function sampleLatency(ms: number, samples: number): LatencySummary {
  const p999 = samples >= 10_000 ? ms * 9 : null;
  return { count: samples, p50: ms, p90: ms * 2.2, p99: ms * 5, p999, max: ms * 14, mean: ms * 1.3 };
}

function scaleOf(name: OperationName): number {
  const scales: Partial<Record<OperationName, number>> = {
    delivery: 8.3,
    accepted: 4.1,
    connect: 22,
    signIn: 61,
    catchUp: 35,
    presence: 700,
    upload: 120,
    download: 90,
  };
  return scales[name] ?? 6.2;
}

function byOperation<T>(make: (name: OperationName) => T): Record<OperationName, T> {
  return Object.fromEntries(operations.map((name) => [name, make(name)])) as Record<OperationName, T>;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
