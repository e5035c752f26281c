import { createMemoryBusHub } from '../../src/system/database/memory-bus.ts';
import { busContract } from './bus.ts';

busContract('memory', async () => {
  const hub = createMemoryBusHub();
  return { join: async () => hub.join(), dispose: async () => {} };
});
