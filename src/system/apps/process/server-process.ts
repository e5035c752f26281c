import { createNodeSecrets } from '../../adapters/node-secrets.ts';
import { startNodeServer } from '../../adapters/node-server.ts';
import { createVitals } from '../../adapters/process-vitals.ts';
import { createSystemClock } from '../../adapters/system-clock.ts';
import { createSystemRandom } from '../../adapters/system-random.ts';
import { createPostgresBus } from '../../database/postgres-bus.ts';
import { sqlState } from '../../database/postgres-pool.ts';
import { createPostgresStore } from '../../database/postgres-store.ts';
import type { Clock, Log } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import { createServer } from '../../server/server.ts';
import { parseServerSettings } from '../../server/settings.ts';
import { given } from '../given.ts';
import type { Running } from './life.ts';
import type { ServerProcessSettings } from './settings.ts';
import { waitFor } from './wait-for.ts';

/**
 * One chat server in this process, on PostgreSQL. A database that is down is waited for. Rejects with a `Problem` when the
 * settings make no sense, the database stays away, or the port cannot be had.
 */
export async function startServerProcess(settings: ServerProcessSettings, log: Log): Promise<Running> {
  const clock = createSystemClock();
  const own = readOwn(settings);
  const store = await openStore(settings, { clock, log });
  const bus = await createPostgresBus({ url: settings.database, log, clock });
  const secrets = createNodeSecrets(given(settings.hashCost));
  const world = { clock, log, store, bus, secrets, random: createSystemRandom(), vitals: createVitals() };
  const chat = createServer(world, own);
  await chat.start();
  const { host, port, trustedBalancers } = settings;
  const door = await startNodeServer(chat, { host, port, log, ...given({ trustedBalancers }) });
  return {
    port: door.port,
    stop: async () => {
      await chat.drain();
      await door.close();
      await bus.close();
      await store.close();
    },
  };
}

// ---

function readOwn({ name, settings }: ServerProcessSettings) {
  try {
    return parseServerSettings({ ...settings, server: name });
  } catch (cause) {
    throw new Problem((cause as Error).message, { cause });
  }
}

function openStore({ database, databaseWaitMs }: ServerProcessSettings, { clock, log }: { clock: Clock; log: Log }) {
  const attempt = () => createPostgresStore({ url: database, log });
  return waitFor(attempt, { clock, log, waitMs: databaseWaitMs, transient: mayComeBack });
}

/** Starting up, shutting down, all connections taken: what PostgreSQL says of a state that passes. */
const passingStates = ['57P01', '57P02', '57P03', '53300'];

/** No answer may become one; a refusal, of a password for example, stays. */
function mayComeBack(error: unknown): boolean {
  if (!(error instanceof Error) || error.cause === undefined) return false;
  const state = sqlState(error.cause);
  return state === null || passingStates.includes(state);
}
