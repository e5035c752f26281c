/** What containers use, as the engine reads it from their control groups: once a second, whoever asks how often. */
import { createInterface } from 'node:readline';
import type { Clock } from '../../../system/index.ts';
import type { Usage, Watched } from '../sampling.ts';
import type { ContainerCluster } from './cluster.ts';
import type { Part } from './part.ts';

/** Reads along until the containers are removed. */
export function watchedContainers(
  { servers, balancers, database }: ContainerCluster,
  clock: Clock,
): readonly Watched[] {
  return [...servers, ...balancers, database].map((part) => ({
    name: part.name,
    role: part.role,
    origin: part.role === 'database' ? null : part.origin,
    usage: readAlong(part, clock),
  }));
}

// ---

/** Answers the last reading of this life of the container, the first one as soon as there is one. */
function readAlong(part: Part, clock: Clock): () => Promise<Usage | null> {
  let reading: { readonly life: number; last: Promise<Usage | null> } | null = null;
  const begin = (): Promise<Usage | null> => {
    const first = Promise.withResolvers<Usage | null>();
    const own = { life: part.lives, last: first.promise };
    reading = own;
    follow(part, (stats) => {
      const usage = stats === null ? null : usageOf(stats, own.life, clock.now());
      first.resolve(usage);
      own.last = Promise.resolve(usage);
    }).catch(() => first.resolve(null));
    // The engine says nothing of one that ends before its first reading.
    clock.after(firstMs, () => first.resolve(null));
    return own.last;
  };
  return async () => {
    if (part.wanted === 'down') return null;
    return reading?.life === part.lives ? reading.last : begin();
  };
}

/** `heard` gets each reading, and null when there will be no more. */
async function follow({ container }: Part, heard: (stats: Stats | null) => void): Promise<void> {
  const stream = await container.stats({ stream: true });
  stream.on('error', () => {});
  const lines = createInterface({ input: stream });
  lines.on('line', (line) => {
    const stats = JSON.parse(line) as Stats;
    // The engine answers for one that has ended too, with nothing in it.
    heard(stats.pids_stats?.current ? stats : null);
  });
  lines.on('close', () => heard(null));
}

/** The part of the engine's answer that is used; the same from Docker and Podman. */
interface Stats {
  readonly pids_stats?: { readonly current?: number };
  readonly cpu_stats: {
    readonly cpu_usage: { readonly total_usage: number };
    readonly throttling_data?: { readonly throttled_time?: number };
  };
  readonly memory_stats: { readonly usage?: number; readonly stats?: Readonly<Record<string, number | undefined>> };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>;
}

const nanosPerMicro = 1000;
const firstMs = 3000;

function usageOf({ cpu_stats, memory_stats, networks = {} }: Stats, life: number, atMs: number): Usage {
  const sum = (of: 'rx_bytes' | 'tx_bytes') => Object.values(networks).reduce((total, one) => total + one[of], 0);
  const { inactive_file, total_inactive_file } = memory_stats.stats ?? {};
  return {
    atMs,
    life,
    cpuMicros: cpu_stats.cpu_usage.total_usage / nanosPerMicro,
    // Without the pages of files that could be dropped at once; the name differs between versions of control groups.
    rssBytes: (memory_stats.usage ?? 0) - (total_inactive_file ?? inactive_file ?? 0),
    container: {
      throttledMicros: (cpu_stats.throttling_data?.throttled_time ?? 0) / nanosPerMicro,
      receivedBytes: sum('rx_bytes'),
      sentBytes: sum('tx_bytes'),
    },
  };
}
