import type { Clock, Ms, Vitals, VitalsSample } from '../ports.ts';
import type { ServerStats } from '../protocol/http.ts';

/** Counts what a server does; reads it as `/stats` shows it. */
export interface Stats {
  accepted(count: number): void;
  delivered(count: number): void;
  /** Time of one batch from its start to its commit. */
  batch(tookMs: Ms): void;
  read(): Pick<ServerStats, Counted> & VitalsSample;
}

type Counted = 'uptimeMs' | 'acceptedTotal' | 'deliveredTotal' | 'acceptedPerSec' | 'deliveredPerSec' | 'batchP50Ms';

export function createStats(clock: Clock, vitals: Vitals): Stats {
  const startedAt = clock.now();
  const accepted = createCounter(clock);
  const delivered = createCounter(clock);
  const batches: { at: Ms; tookMs: Ms }[] = [];
  let nextBatch = 0;
  let sample: VitalsSample | null = null;
  let sampledAt = startedAt;

  return {
    accepted: (count) => accepted.add(count),
    delivered: (count) => delivered.add(count),
    batch(tookMs) {
      batches[nextBatch] = { at: clock.now(), tookMs };
      nextBatch = (nextBatch + 1) % batchesMax;
    },
    read() {
      const now = clock.now();
      // Several readers would otherwise make each other's windows too short to mean anything.
      if (sample === null || now - sampledAt >= sampleEveryMs) {
        sample = vitals.sample();
        sampledAt = now;
      }
      const recent = batches.filter((batch) => batch.at > now - windowMs).map((batch) => batch.tookMs);
      return {
        uptimeMs: now - startedAt,
        acceptedTotal: accepted.total,
        deliveredTotal: delivered.total,
        acceptedPerSec: accepted.perSec(),
        deliveredPerSec: delivered.perSec(),
        batchP50Ms: median(recent),
        ...sample,
      };
    },
  };
}

export interface Counter {
  add(count: number): void;
  readonly total: number;
  /** Rate over the last window of five seconds, or since the start if that is shorter. */
  perSec(): number;
}

/** A sliding window of half-second slots. */
export function createCounter(clock: Clock): Counter {
  const startedAt = clock.now();
  const slots = new Float64Array(slotCount);
  let slot = 0;
  let slotEndsAt = startedAt + slotMs;
  let total = 0;

  const advance = (): void => {
    const now = clock.now();
    if (now < slotEndsAt) return;
    const passed = Math.floor((now - slotEndsAt) / slotMs) + 1;
    for (let i = 0; i < Math.min(passed, slotCount); i++) slots[(slot + 1 + i) % slotCount] = 0;
    slot = (slot + passed) % slotCount;
    slotEndsAt += passed * slotMs;
  };

  return {
    add(count) {
      advance();
      slots[slot]! += count;
      total += count;
    },
    get total() {
      return total;
    },
    perSec() {
      advance();
      const now = clock.now();
      const coveredMs = Math.min((slotCount - 1) * slotMs + (now - (slotEndsAt - slotMs)), now - startedAt);
      return coveredMs <= 0 ? 0 : (slots.reduce((sum, count) => sum + count, 0) / coveredMs) * 1000;
    },
  };
}

// ---

const windowMs = 5000;
const slotMs = 500;
const slotCount = windowMs / slotMs;
const batchesMax = 512;
const sampleEveryMs = 100;

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
