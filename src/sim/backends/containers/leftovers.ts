import type { Log } from '../../../system/index.ts';
import { Problem } from '../../problem.ts';
import { waitUntil } from '../processes/proof.ts';
import type { Docker } from './engine.ts';
import { clusterLabel, isOrphan } from './identity.ts';

/**
 * Removes containers and networks of laboratories that are gone. A laboratory that ends in order leaves none; one that was
 * killed cannot help it.
 */
export async function removeLeftovers(docker: Docker, log: Log): Promise<void> {
  const found = [...(await labelled.containers(docker)), ...(await labelled.networks(docker))];
  const orphans = new Set(
    found.filter(({ Labels }) => isOrphan(Labels ?? {})).map(({ Labels }) => Labels![clusterLabel]!),
  );
  for (const cluster of orphans) {
    log.write('warn', 'removing containers that an earlier run left behind', { cluster });
    await removeCluster(docker, cluster);
  }
}

/**
 * Removes every container of a cluster, with its volumes, then its network. Resolves when nothing is left; rejects with a
 * `Problem` when something stays.
 */
export async function removeCluster(docker: Docker, id: string): Promise<void> {
  let reason = '';
  const gone = await waitUntil(async () => {
    const containers = await labelled.containers(docker, id);
    const attempts = await Promise.allSettled(containers.map(({ Id }) => docker.getContainer(Id).remove(wholly)));
    const networks = await labelled.networks(docker, id);
    attempts.push(...(await Promise.allSettled(networks.map(({ Id }) => docker.getNetwork(Id).remove()))));
    // A removal that another one is under way for fails, as does that of a network before its last container is gone.
    for (const attempt of attempts) if (attempt.status === 'rejected') reason = String(attempt.reason);
    return containers.length + networks.length === 0;
  }, removalMs);
  if (!gone) throw new Problem(`Containers or networks labelled ${clusterLabel}=${id} could not be removed: ${reason}`);
}

// ---

const removalMs = 30_000;
const wholly = { force: true, v: true };

const labelled = {
  containers: (docker: Docker, id?: string) => docker.listContainers({ all: true, filters: filtersOf(id) }),
  networks: (docker: Docker, id?: string) => docker.listNetworks({ filters: filtersOf(id) }),
};

function filtersOf(id?: string) {
  return { label: [id === undefined ? clusterLabel : `${clusterLabel}=${id}`] };
}
