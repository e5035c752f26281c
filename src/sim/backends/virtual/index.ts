import { createSeededRandom } from '../../../system/index.ts';
import type { Backend } from '../backend.ts';
import { startVirtualCluster, type VirtualSettings, virtualDefaults } from './virtual-cluster.ts';
import { createVirtualTime } from './virtual-time.ts';

export type { VirtualSettings } from './virtual-cluster.ts';
export { virtualDefaults } from './virtual-cluster.ts';

/** A backend on virtual time whose world deviates from the default by `settings`. */
export function createVirtualBackend(settings: Partial<VirtualSettings> = {}): Backend {
  return {
    name: 'virtual',
    description:
      'The same system in this process on virtual time: no sockets, no database, and equal seeds give equal runs.',
    cannot: new Set(),
    hasQuotas: false,
    run(order, work) {
      const time = createVirtualTime(createSeededRandom(order.seed).fork('order of equal moments'));
      const world = { ...virtualDefaults, ...settings };
      return time.run(async () => work(await startVirtualCluster(time, order, world)), { signal: order.signal });
    },
  };
}

export const virtualBackend: Backend = createVirtualBackend();
