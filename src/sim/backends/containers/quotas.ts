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
const coresMin = 4;

/**
 * A server gets its share of one core, and the memory that the scenario gives it. From four cores on, the database has the
 * first for itself and the balancers the second, so that neither steals from the servers that are compared.
 */
export function quotasOf(spec: ClusterSpec, cores: number): Quotas {
  const apart = cores >= coresMin;
  const rest = apart ? `2-${cores - 1}` : null;
  return {
    database: { ...unlimited, cores: apart ? '0' : null },
    balancer: { ...unlimited, cores: apart ? '1' : null },
    servers: spec.servers.map(({ cpuShare, memoryMiB }) => ({
      cpus: cpuShare,
      memoryBytes: memoryMiB === undefined ? null : memoryMiB * mebibyte,
      cores: rest,
    })),
  };
}
