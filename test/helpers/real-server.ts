import { createLog } from '../../src/system/adapters/json-log.ts';
import { createNodeSecrets } from '../../src/system/adapters/node-secrets.ts';
import { startNodeServer } from '../../src/system/adapters/node-server.ts';
import { createVitals } from '../../src/system/adapters/process-vitals.ts';
import { createSystemClock } from '../../src/system/adapters/system-clock.ts';
import { createSystemRandom } from '../../src/system/adapters/system-random.ts';
import { createMemoryBusHub } from '../../src/system/database/memory-bus.ts';
import { createMemoryStore } from '../../src/system/database/memory-store.ts';
import type { ServerId } from '../../src/system/protocol/ids.ts';
import { createServer } from '../../src/system/server/server.ts';
import { serverDefaults } from '../../src/system/server/settings.ts';

/** A chat server on real sockets of this machine, with everything in memory. */
export async function startRealServer(): Promise<{ readonly origin: string; stop(): Promise<void> }> {
  const log = createLog({ component: 'test', destination: { write: () => {} } });
  const world = {
    clock: createSystemClock(),
    random: createSystemRandom(),
    log,
    store: createMemoryStore(),
    bus: createMemoryBusHub().join(),
    secrets: createNodeSecrets({ memoryKiB: 8, passes: 1 }),
    vitals: createVitals(),
  };
  const chat = createServer(world, { ...serverDefaults, drainMs: 500, server: 's1' as ServerId });
  await chat.start();
  const door = await startNodeServer(chat, { host: '127.0.0.1', port: 0, log });
  return {
    origin: `http://127.0.0.1:${door.port}`,
    async stop() {
      await chat.drain();
      await door.close();
    },
  };
}
