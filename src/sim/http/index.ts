import { createSeededRandom } from '../../system/index.ts';
import type { Cluster } from '../backends/backend.ts';
import { createAutocannonLoad } from './autocannon-load.ts';
import type { HttpLoad } from './http-load.ts';
import { createInlineLoad } from './inline-load.ts';

/** autocannon where the cluster has addresses, else in this thread, on virtual time. */
export function httpLoadOf(cluster: Cluster, seed: number): HttpLoad {
  if (cluster.endpoints.length > 0) return createAutocannonLoad(cluster.clock, cluster.endpoints);
  const random = createSeededRandom(seed).fork('http');
  return createInlineLoad(cluster.clock, (index) => cluster.connect(index, random.fork(`transport:${index}`)));
}
