/** What one crowd measures, gathered by second and handed on as lines. */
import {
  type CountLine,
  createLatencyRecorder,
  type ExtraCountName,
  type HistogramLine,
  type InstrumentLine,
} from '../../metrics/index.ts';
import type { VitalsSample } from '../../system/index.ts';
import type { CountName, CountSink, LatencySink } from './record.ts';

/** Where finished lines go. */
export interface LineSinks {
  histograms(lines: readonly HistogramLine[]): void;
  counts(lines: readonly CountLine[]): void;
  instrument(lines: readonly InstrumentLine[]): void;
}

export interface SecondsRecorder extends LatencySink, CountSink {
  add(what: CountName | 'expected' | 'offered', atMs: number, count?: number): void;
  /** So many more of what the scenario has besides messages, at this moment of the run. */
  extra(what: ExtraCountName, atMs: number, count?: number): void;
  /** A message was due at `intendedMs` and sent `lateMs` later. */
  sentLate(intendedMs: number, lateMs: number): void;
  /** So many were online in this second. */
  online(second: number, users: number): void;
  /** Once a second: who is online now, and how the thread feels. Hands on the seconds that are over. */
  tick(atMs: number, online: number, vitals: VitalsSample | null): void;
  /** 99th percentile of the deliveries since the last `tick` but one; null when there were none. */
  readonly deliveryP99Ms: number | null;
  /** Hands on everything. */
  close(): void;
}

interface Second {
  readonly counts: { -readonly [name in Exclude<keyof CountLine, 'second' | 'worker' | 'extra'>]: number };
  readonly extra: Partial<Record<ExtraCountName, number>>;
  readonly slipsMs: number[];
  eventLoopP99Ms: number;
  cpuFraction: number;
}

/** A send later than this counts as late. */
const lateMs = 10;
/** How long a second stays open for what is charged to it later. */
const settleSeconds = 2;

export function createSecondsRecorder(worker: number, sinks: LineSinks): SecondsRecorder {
  const seconds = new Map<number, Second>();
  const latencies = createLatencyRecorder({ worker });
  let deliveriesMs: number[] = [];
  let deliveryP99Ms: number | null = null;

  return {
    record(latency) {
      latencies.record(latency);
      if (latency.operation === 'delivery') deliveriesMs.push(latency.latencyMs);
    },
    add(what, atMs, count = 1) {
      secondAt(atMs).counts[what] += count;
    },
    extra(what, atMs, count = 1) {
      const { extra } = secondAt(atMs);
      extra[what] = (extra[what] ?? 0) + count;
    },
    sentLate(intendedMs, slipMs) {
      const second = secondAt(intendedMs);
      second.counts.offered++;
      second.slipsMs.push(slipMs);
    },
    online(second, users) {
      secondAt(second * 1000).counts.connected = users;
    },
    tick(atMs, online, vitals) {
      const second = secondAt(atMs);
      second.counts.connected = online;
      second.eventLoopP99Ms = vitals?.eventLoopP99Ms ?? 0;
      second.cpuFraction = vitals?.cpuFraction ?? 0;
      deliveryP99Ms = deliveriesMs.length > 0 ? percentile99(deliveriesMs) : null;
      deliveriesMs = [];
      sinks.histograms(latencies.lines());
      flush(Math.floor(atMs / 1000) - settleSeconds);
    },
    get deliveryP99Ms() {
      return deliveryP99Ms;
    },
    close() {
      sinks.histograms(latencies.close());
      flush(Number.POSITIVE_INFINITY);
    },
  };

  function secondAt(atMs: number): Second {
    const number = Math.max(0, Math.floor(atMs / 1000));
    let second = seconds.get(number);
    if (!second) {
      second = { counts: { ...noCounts }, extra: {}, slipsMs: [], eventLoopP99Ms: 0, cpuFraction: 0 };
      seconds.set(number, second);
    }
    return second;
  }

  function flush(before: number): void {
    const over = [...seconds].filter(([number]) => number < before).sort(([a], [b]) => a - b);
    for (const [number] of over) seconds.delete(number);
    sinks.counts(over.map(([second, about]) => countLine(second, worker, about)));
    sinks.instrument(over.map(([second, about]) => instrumentLine(second, worker, about)));
  }
}

// ---

const noCounts: Second['counts'] = {
  offered: 0,
  sent: 0,
  accepted: 0,
  refused: 0,
  delivered: 0,
  expected: 0,
  connected: 0,
  disconnects: 0,
};

function countLine(second: number, worker: number, { counts, extra }: Second): CountLine {
  const line = { second, worker, ...counts };
  return Object.keys(extra).length === 0 ? line : { ...line, extra };
}

function instrumentLine(second: number, worker: number, about: Second): InstrumentLine {
  const { slipsMs, eventLoopP99Ms, cpuFraction } = about;
  return {
    second,
    worker,
    slipP99Ms: slipsMs.length > 0 ? percentile99(slipsMs) : 0,
    slipMaxMs: slipsMs.reduce((max, slip) => Math.max(max, slip), 0),
    late: slipsMs.filter((slip) => slip > lateMs).length,
    sends: slipsMs.length,
    eventLoopP99Ms,
    cpuFraction,
  };
}

function percentile99(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.ceil(sorted.length * 0.99) - 1]!;
}
