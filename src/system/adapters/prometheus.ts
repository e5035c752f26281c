import { Counter, Gauge, Registry } from 'prom-client';
import type { ServerStats } from '../protocol/http.ts';

/** Every number of `/stats` under its Prometheus name, in base units as the conventions ask. */
const metrics: readonly Metric[] = [
  { name: 'nawaab_uptime_seconds', help: 'Time since the start.', read: (stats) => stats.uptimeMs / 1000 },
  { name: 'nawaab_draining', help: '1 while the server takes no new work.', read: (stats) => Number(stats.draining) },
  { name: 'nawaab_database_up', help: '1 while the database answers.', read: (stats) => Number(stats.databaseUp) },
  { name: 'nawaab_sessions', help: 'Connected sessions.', read: (stats) => stats.sessions },
  { name: 'nawaab_in_flight', help: 'Operations received and not yet answered.', read: (stats) => stats.inFlight },
  {
    name: 'nawaab_accepted_total',
    help: 'Messages accepted.',
    counter: true,
    read: (stats) => stats.acceptedTotal,
  },
  {
    name: 'nawaab_delivered_total',
    help: 'Messages delivered to sessions.',
    counter: true,
    read: (stats) => stats.deliveredTotal,
  },
  {
    name: 'nawaab_ephemeral_received_total',
    help: 'Ephemeral frames (receipts, typing, presence) received from clients.',
    counter: true,
    read: (stats) => stats.ephemeralReceivedTotal,
  },
  {
    name: 'nawaab_ephemeral_delivered_total',
    help: 'Ephemeral frames sent to clients.',
    counter: true,
    read: (stats) => stats.ephemeralDeliveredTotal,
  },
  {
    name: 'nawaab_presence_delivered_total',
    help: 'Of the ephemeral frames sent, those that told of presence.',
    counter: true,
    read: (stats) => stats.presenceDeliveredTotal,
  },
  {
    name: 'nawaab_ephemeral_coalesced_total',
    help: 'Ephemeral news that became one with what waited already.',
    counter: true,
    read: (stats) => stats.ephemeralCoalescedTotal,
  },
  {
    name: 'nawaab_ephemeral_dropped_total',
    help: 'Ephemeral news given up: over a limit, too late, or not for the one who said it.',
    counter: true,
    read: (stats) => stats.ephemeralDroppedTotal,
  },
  {
    name: 'nawaab_ephemeral_queued',
    help: 'Ephemeral news that wait to be sent or written.',
    read: (stats) => stats.ephemeralQueued,
  },
  {
    name: 'nawaab_cpu_seconds_total',
    help: 'CPU time used.',
    counter: true,
    read: (stats) => stats.cpuMicros / 1e6,
  },
  {
    name: 'nawaab_event_loop_utilization',
    help: 'Share of the last window in which the event loop was busy.',
    read: (stats) => stats.eventLoopUtilization,
  },
  {
    name: 'nawaab_event_loop_delay_p99_seconds',
    help: '99th percentile of the event loop’s delay in the last window.',
    read: (stats) => stats.eventLoopP99Ms / 1000,
  },
  { name: 'nawaab_resident_memory_bytes', help: 'Resident memory.', read: (stats) => stats.rssBytes },
  {
    name: 'nawaab_batch_p50_seconds',
    help: 'Median time from the start of a batch to its commit in the last window.',
    read: (stats) => stats.batchP50Ms / 1000,
  },
];

/** The text of `/metrics` (Prometheus exposition format), and its content type. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Reads `stats` once for each scrape; every line carries the server's name. */
export function createExposition(stats: () => ServerStats): Exposition {
  const registry = new Registry();
  for (const metric of metrics) register(metric, registry, stats);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

// ---

interface Metric {
  readonly name: string;
  readonly help: string;
  /** Only ever grows. */
  readonly counter?: true;
  readonly read: (stats: ServerStats) => number;
}

function register({ name, help, counter, read }: Metric, registry: Registry, stats: () => ServerStats): void {
  const labelNames = ['server'] as const;
  const settings = { name, help, labelNames, registers: [registry] };
  if (counter) {
    new Counter({
      ...settings,
      collect() {
        const now = stats();
        this.reset();
        this.inc({ server: now.server }, read(now));
      },
    });
    return;
  }
  new Gauge({
    ...settings,
    collect() {
      const now = stats();
      this.set({ server: now.server }, read(now));
    },
  });
}
