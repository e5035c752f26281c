import { Counter, Gauge, Registry } from 'prom-client';
import type { BalancerStats } from '../balancer/contract.ts';
import type { Exposition } from './prometheus.ts';

/** What `/stats` of a balancer process answers: its decisions, what went through it, and its own effort. */
export interface BalancerProcessStats extends BalancerStats {
  readonly uptimeMs: number;
  /** Bytes that went through, request heads included. */
  readonly bytesFromClients: number;
  readonly bytesFromServers: number;
  /** Connections that were answered with an error instead of a server. */
  readonly refusedTotal: number;
  readonly cpuFraction: number;
  readonly cpuMicros: number;
  readonly eventLoopUtilization: number;
  readonly eventLoopP99Ms: number;
  readonly rssBytes: number;
}

type ServerRow = BalancerStats['servers'][number];

const ofBalancer: readonly Metric<BalancerProcessStats>[] = [
  ['nawaab_balancer_refused_total', 'Connections answered with an error instead of a server.', (s) => s.refusedTotal],
  ['nawaab_balancer_from_clients_bytes_total', 'Bytes moved from clients to servers.', (s) => s.bytesFromClients],
  ['nawaab_balancer_from_servers_bytes_total', 'Bytes moved from servers to clients.', (s) => s.bytesFromServers],
  ['nawaab_balancer_cpu_seconds_total', 'CPU time used.', (s) => s.cpuMicros / 1e6],
  ['nawaab_balancer_event_loop_utilization', 'Busy share of the last window.', (s) => s.eventLoopUtilization],
  ['nawaab_balancer_resident_memory_bytes', 'Resident memory.', (s) => s.rssBytes],
];

const ofServer: readonly Metric<ServerRow>[] = [
  ['nawaab_balancer_connections', 'Connections to the server now.', (s) => s.connections],
  ['nawaab_balancer_healthy', '1 while the last probe was answered.', (s) => Number(s.healthy)],
  ['nawaab_balancer_weight', 'Share of work relative to the others.', (s) => s.weight],
  ['nawaab_balancer_assigned_total', 'Connections assigned to the server.', (s) => s.assignedTotal],
  ['nawaab_balancer_failed_total', 'Connections to the server that could not be made.', (s) => s.failedTotal],
];

/** Reads `stats` once for each metric of a scrape. */
export function createBalancerExposition(stats: () => BalancerProcessStats): Exposition {
  const registry = new Registry();
  for (const [name, help, read] of ofBalancer)
    register(registry, { name, help, labelNames: [] }, () => [[{}, read(stats())]]);
  for (const [name, help, read] of ofServer)
    register(registry, { name, help, labelNames: ['server'] }, () =>
      stats().servers.map((server) => [{ server: server.id }, read(server)]),
    );
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

// ---

/** Name, help, value. A name that ends in `_total` is a counter. */
type Metric<T> = readonly [name: string, help: string, read: (of: T) => number];

interface MetricShape {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

type Sample = readonly [labels: Record<string, string>, value: number];

function register(registry: Registry, shape: MetricShape, samples: () => readonly Sample[]): void {
  const settings = { ...shape, registers: [registry] };
  if (shape.name.endsWith('_total'))
    new Counter({
      ...settings,
      collect() {
        this.reset();
        for (const [labels, value] of samples()) this.inc(labels, value);
      },
    });
  else
    new Gauge({
      ...settings,
      collect() {
        for (const [labels, value] of samples()) this.set(labels, value);
      },
    });
}
