import { createMemoryStore } from '../../src/system/database/memory-store.ts';
import { storeContract } from './store.ts';

storeContract('memory', async () => {
  const store = createMemoryStore({ groupMembersMax: 5 });
  return { open: async () => store, dispose: () => store.close() };
});
