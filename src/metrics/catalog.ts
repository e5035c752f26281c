/** Every number of a run that can be named: in a threshold, in a comparison, on the command line. */
import { type ExtraCountName, extraCountNames, extraCounts } from './extra-counts.ts';
import { answersOf } from './http.ts';
import { type LatencySummary, type OperationName, operations, type Summary } from './run.ts';
import type { TagName } from './tags.ts';

export type Unit = 'ms' | 'MiB' | '%' | '/s' | 'µs' | 'count' | 'ratio';

export interface Metric {
  readonly unit: Unit;
  readonly better: 'lower' | 'higher';
  readonly meaning: string;
  /**
   * What it can be narrowed to. What the checks count is of the whole run and has none; all else is measured in a part of
   * the run, and can be watched while the run lasts.
   */
  readonly tags: readonly TagName[];
  /** In the metric's unit; null when the run cannot tell. */
  readonly read: (summary: Summary) => number | null;
}

const operationMeanings: Readonly<Record<OperationName, string>> = {
  connect: 'from the intended moment of connecting to the welcome',
  signIn: 'from the intended moment of signing in to the token',
  signInUncorrected: 'from the actual sending of the sign-in to the token',
  accepted: 'from the intended moment of sending to the acceptance',
  delivery: "from the intended moment of sending to the recipient's application, per recipient",
  acceptedUncorrected: 'from the actual sending to the acceptance',
  deliveryUncorrected: "from the actual sending to the recipient's application, per recipient",
  fanOut:
    "from the intended moment of sending to the last recipient's application, where no recipient was away by choice",
  catchUp: 'from the intended moment of connecting to the complete backlog',
  presence:
    "from the moment at which a user was meant to come, or at which a user who went counts as gone, until a watcher's picture is true again",
  upload: 'from the moment at which an image was due until it is stored',
  download: 'from the moment at which a message with an image is shown until the image is there, per recipient',
};

const latencyFigures = {
  p50: 'median latency',
  p90: '90th percentile of the latency',
  p99: '99th percentile of the latency',
  p999: '99.9th percentile of the latency',
  max: 'largest latency',
  mean: 'mean latency',
} as const satisfies Partial<Record<keyof LatencySummary, string>>;

type LatencyFigure = keyof typeof latencyFigures;
type LatencyMetric = `${OperationName}.${LatencyFigure}`;

const byPhase: readonly TagName[] = ['phase'];
const byServer: readonly TagName[] = ['server', 'phase'];

const others = {
  'offered.rate': higher('/s', 'messages that were due', (s) => s.rates.offered),
  'accepted.perSec': higher('/s', 'messages accepted', (s) => s.rates.accepted),
  'delivered.perSec': higher('/s', "messages shown to recipients' applications", (s) => s.rates.delivered),
  'accepted.rate': higher('%', 'share of the messages due in the measure phase that were accepted', (s) =>
    s.counts.offered === 0 ? null : (100 * s.counts.accepted) / s.counts.offered,
  ),
  lost: ofTheRun('accepted messages that a member never got, by recipient', judged('no-accepted-lost', 'lost')),
  duplicated: ofTheRun('entries that an application was shown twice', judged('exactly-once', 'duplicated')),
  reordered: ofTheRun("messages out of their sender's order", judged('sender-order', 'reordered')),
  refused: lower('count', 'messages that the system refused', (s) => s.counts.refused),
  unknown: ofTheRun('messages that were never answered', (s) => s.counts.unknown),
  disconnects: lower('count', 'connections that were lost or closed', (s) => s.counts.disconnects),
  'http.due': lower('count', 'requests over HTTP that were due', (s) => s.http?.due ?? null),
  'http.2xx': higher('count', 'requests over HTTP that were granted', answered('2')),
  'http.429': lower('count', 'requests over HTTP that met a rate limit', answered('429')),
  'http.503': lower('count', 'requests over HTTP that a full queue refused', answered('503')),
  'http.5xx': lower('count', 'requests over HTTP that failed at the server', answered('5')),
  'http.unanswered': lower(
    'count',
    'requests over HTTP without an answer to the end of the run',
    (s) => s.http?.unanswered ?? null,
  ),
  'http.perSec': higher('/s', 'requests over HTTP that were granted', (s) => s.http?.okPerSec ?? null),
  'presence.framesPerSec': lower(
    '/s',
    'frames about presence that the servers sent',
    ({ servers }) => (servers.length === 0 ? null : presenceFrames(servers)),
    byServer,
  ),
  'presence.framesPerChange': lower('ratio', 'frames about presence for each coming or going', (s) =>
    perChange(s, presenceFrames(s.servers)),
  ),
  'presence.toldPerChange': lower('ratio', 'users told of, to each watcher, for each coming or going', (s) =>
    perChange(s, s.extra['presence.told']?.perSec ?? 0),
  ),
  'fairness.rate.jain': higher('ratio', "Jain's index of the servers' message rates", (s) => s.fairness.rate.jain),
  'fairness.rate.maxOverMean': lower(
    'ratio',
    'busiest server over the mean, by messages',
    (s) => s.fairness.rate.maxOverMean,
  ),
  'fairness.sessions.jain': higher('ratio', "Jain's index of the servers' sessions", (s) => s.fairness.sessions.jain),
  'fairness.sessions.maxOverMean': lower(
    'ratio',
    'fullest server over the mean, by sessions',
    (s) => s.fairness.sessions.maxOverMean,
  ),
  'fairness.cpu.jain': higher('ratio', "Jain's index of the servers' CPU", (s) => s.fairness.cpu.jain),
  'fairness.cpu.maxOverMean': lower('ratio', 'busiest server over the mean, by CPU', (s) => s.fairness.cpu.maxOverMean),
  'servers.cpu.max': lower(
    'ratio',
    'cores used by the busiest server',
    (s) => largest(s.servers.map((one) => one.cpuFraction)),
    byServer,
  ),
  'servers.memory.max': lower(
    'MiB',
    'largest resident memory of any server',
    (s) => largest(s.servers.map((one) => one.rssBytes / 1024 ** 2)),
    byServer,
  ),
  'servers.eventLoop.max': lower(
    'ms',
    'worst event-loop delay of any server',
    (s) => largest(s.servers.map((one) => one.eventLoopP99Ms)),
    byServer,
  ),
  'cpuUsPerMessage.server': lower(
    'µs',
    'CPU of all servers for each delivered message',
    (s) => s.cpuUsPerMessage.server,
  ),
  'cpuUsPerMessage.balancer': lower(
    'µs',
    'CPU of the balancer for each delivered message',
    (s) => s.cpuUsPerMessage.balancer,
  ),
  'cpuUsPerMessage.database': lower(
    'µs',
    'CPU of the database for each delivered message',
    (s) => s.cpuUsPerMessage.database,
  ),
  'cpuUsPerMessage.generator': lower(
    'µs',
    'CPU of the generator for each delivered message',
    (s) => s.cpuUsPerMessage.generator,
  ),
  'instrument.slip.p99': lower('ms', "lateness of the generator's sends", (s) => s.instrument.slipP99Ms),
} as const satisfies Record<string, Metric>;

export type MetricName = LatencyMetric | ExtraCountName | keyof typeof others;

export const catalog: Readonly<Record<MetricName, Metric>> = { ...latencyMetrics(), ...extraMetrics(), ...others };
export const metricNames = Object.keys(catalog) as MetricName[];

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(catalog, name);
}

// ---

function lower(unit: Unit, meaning: string, read: Metric['read'], tags = byPhase): Metric {
  return { unit, better: 'lower', meaning, tags, read };
}

function higher(unit: Unit, meaning: string, read: Metric['read'], tags = byPhase): Metric {
  return { unit, better: 'higher', meaning, tags, read };
}

function ofTheRun(meaning: string, read: Metric['read']): Metric {
  return lower('count', meaning, read, []);
}

/** A count that a check makes; unknown where the check was not made or could not tell. */
function judged(check: string, count: 'lost' | 'duplicated' | 'reordered'): Metric['read'] {
  return (summary) => {
    const verdict = summary.checks.find((one) => one.check === check);
    return verdict === undefined || verdict.result === 'unknown' ? null : summary.counts[count];
  };
}

function answered(digits: string): Metric['read'] {
  return ({ http }) => (http ? answersOf(http.answers, digits) : null);
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

function presenceFrames(servers: Summary['servers']): number {
  return servers.reduce((sum, { presencePerSec }) => sum + presencePerSec, 0);
}

function perChange({ extra }: Summary, perSec: number): number | null {
  const changes = extra['presence.changes'];
  return changes === undefined || changes.perSec === 0 ? null : perSec / changes.perSec;
}

function extraMetrics(): Record<ExtraCountName, Metric> {
  const entries = extraCountNames.map((name): [ExtraCountName, Metric] => {
    const { better, meaning } = extraCounts[name];
    return [name, { unit: 'count', better, meaning, tags: byPhase, read: ({ extra }) => extra[name]?.count ?? null }];
  });
  return Object.fromEntries(entries) as Record<ExtraCountName, Metric>;
}

function latencyMetrics(): Record<LatencyMetric, Metric> {
  const figures = Object.keys(latencyFigures) as LatencyFigure[];
  const entries = operations.flatMap((operation) =>
    figures.map((figure) => {
      const meaning = `${latencyFigures[figure]} ${operationMeanings[operation]}`;
      // Who signs in is connected to no server yet.
      const tags = operation.startsWith('signIn') ? byPhase : byServer;
      return [`${operation}.${figure}`, lower('ms', meaning, (s) => s.latency[operation][figure], tags)];
    }),
  );
  return Object.fromEntries(entries) as Record<LatencyMetric, Metric>;
}
