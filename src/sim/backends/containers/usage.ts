/** What containers use, as the engine reads it from their control groups. */
import type { Usage, Watched } from '../sampling.ts';
import type { ContainerCluster } from './cluster.ts';
import type { Container } from './engine.ts';
import type { Part } from './part.ts';

export function watchedContainers({ servers, balancers, database }: ContainerCluster): readonly Watched[] {
  return [...servers, ...balancers, database].map((part) => ({
    name: part.name,
    role: part.role,
    origin: part.role === 'database' ? null : part.origin,
    usage: () => usageOf(part),
  }));
}

/** CPU that a container has used since it was started; null while it is down. */
export async function cpuMicrosOf(container: Container): Promise<number | null> {
  const stats = await container.stats(oneShot);
  return stats.pids_stats?.current ? stats.cpu_stats.cpu_usage.total_usage / nanosPerMicro : null;
}

// ---

/** Without it the engine waits for a second reading, a second later. */
const oneShot = { stream: false, 'one-shot': true } as const;
const nanosPerMicro = 1000;

async function usageOf({ container, wanted, lives }: Part): Promise<Usage | null> {
  if (wanted === 'down') return null;
  const stats = await container.stats(oneShot).catch(() => null);
  // The engine answers for one that has ended too, with nothing in it.
  if (stats === null || !stats.pids_stats?.current) return null;
  const { cpu_stats, memory_stats, networks = {} } = stats;
  const sum = (of: 'rx_bytes' | 'tx_bytes') => Object.values(networks).reduce((total, one) => total + one[of], 0);
  return {
    life: lives,
    cpuMicros: cpu_stats.cpu_usage.total_usage / nanosPerMicro,
    rssBytes: residentBytes(memory_stats),
    container: {
      throttledMicros: (cpu_stats.throttling_data?.throttled_time ?? 0) / nanosPerMicro,
      receivedBytes: sum('rx_bytes'),
      sentBytes: sum('tx_bytes'),
    },
  };
}

/** Without the pages of files that could be dropped at once; the names differ between the two versions of control groups. */
function residentBytes({ usage, stats }: { readonly usage: number; readonly stats: unknown }): number {
  const { inactive_file, total_inactive_file } = (stats ?? {}) as Readonly<Record<string, number | undefined>>;
  return usage - (total_inactive_file ?? inactive_file ?? 0);
}
