import { createSystemClock } from '../../src/system/adapters/system-clock.ts';
import { createSystemRandom } from '../../src/system/adapters/system-random.ts';
import { createPostgresBus } from '../../src/system/database/postgres-bus.ts';
import { createPostgresStore } from '../../src/system/database/postgres-store.ts';
import type { ServerId } from '../../src/system/protocol/ids.ts';
import type { ChatServer, ServerSettings } from '../../src/system/server/contract.ts';
import { createServer } from '../../src/system/server/server.ts';
import { serverDefaults } from '../../src/system/server/settings.ts';
import { plainSecrets } from './chat-rig.ts';
import { silentLog } from './postgres.ts';

/** A chat server in this process on PostgreSQL, without sockets. */
export interface PostgresServer {
  readonly server: ChatServer;
  /** Lines of level `error`. */
  readonly errors: readonly string[];
  stop(): Promise<void>;
  /** As `kill -9` leaves things: nothing more is said by this server, or kept. `drain` of the server still ends its timers. */
  kill(): Promise<void>;
}

export async function startPostgresServer(
  url: string,
  name: string,
  settings: Partial<ServerSettings> = {},
): Promise<PostgresServer> {
  const clock = createSystemClock();
  const store = await createPostgresStore({ url, log: silentLog });
  const bus = await createPostgresBus({ url, clock, log: silentLog });
  const errors: string[] = [];
  const server = createServer(
    {
      clock,
      random: createSystemRandom(),
      log: {
        write: (level, message, fields) =>
          void (level === 'error' && errors.push(`${message} ${JSON.stringify(fields)}`)),
      },
      store,
      bus,
      secrets: plainSecrets,
      vitals: {
        sample: () => ({ cpuFraction: 0, cpuMicros: 0, rssBytes: 0, eventLoopUtilization: 0, eventLoopP99Ms: 0 }),
      },
    },
    { ...serverDefaults, ackFlushMs: 20, drainMs: 200, ...settings, server: name as ServerId },
  );
  await server.start();
  const kill = async (): Promise<void> => {
    await bus.close();
    await store.close();
  };
  return {
    server,
    errors,
    async stop() {
      await server.drain();
      await kill();
    },
    kill,
  };
}
