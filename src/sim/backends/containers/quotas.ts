import { Problem } from '../../problem.ts';
import type { ClusterSpec } from '../../scenario.ts';
import type { Quota } from './placed.ts';

export interface Quotas {
  readonly database: Quota;
  readonly balancer: Quota;
  /** In the order of the servers. */
  readonly servers: readonly Quota[];
}

const unlimited: Quota = { cpus: null, memoryBytes: null, cores: null };
const mebibyte = 1024 ** 2;

/** Below this, a core of its own for the database and one for the balancers would leave the servers too few to differ on. */
export const coresMin = 4;

/**
 * A server gets its share of one core, and the memory that the scenario gives it. Where the scenario does not say who runs on
 * which cores, and from `coresMin` on, the database has the first for itself and the balancers the second, so that neither
 * steals from the servers that are compared. Throws a `Problem` for a core that the engine does not have.
 */
export function quotasOf(spec: ClusterSpec, cores: number): Quotas {
  const placed = spec.cores ?? (cores < coresMin ? {} : { database: '0', balancers: '1', servers: `2-${cores - 1}` });
  for (const [role, list] of Object.entries(placed)) if (list !== undefined) mustHave(cores, role, list);
  return {
    database: { ...unlimited, cores: placed.database ?? null },
    balancer: { ...unlimited, cores: placed.balancers ?? null },
    servers: spec.servers.map(({ cpuShare, memoryMiB }) => ({
      cpus: cpuShare,
      memoryBytes: memoryMiB === undefined ? null : memoryMiB * mebibyte,
      cores: placed.servers ?? null,
    })),
  };
}

// ---

function mustHave(cores: number, role: string, list: string): void {
  const highest = Math.max(...list.split(/[-,]/).map(Number));
  if (highest < cores) return;
  throw new Problem(
    `The container engine has no core ${highest}, which cluster.cores.${role} ("${list}") names: it has ${cores}, from 0 to ${cores - 1}.`,
  );
}
