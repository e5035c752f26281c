import { createNodeSecrets } from '../../adapters/node-secrets.ts';
import { startNodeServer } from '../../adapters/node-server.ts';
import { lowerPoolPriority } from '../../adapters/pool-priority.ts';
import { createVitals } from '../../adapters/process-vitals.ts';
import { createSystemClock } from '../../adapters/system-clock.ts';
import { createSystemRandom } from '../../adapters/system-random.ts';
import type { Bus } from '../../database/bus.ts';
import { createPostgresBus } from '../../database/postgres-bus.ts';
import { sqlState } from '../../database/postgres-pool.ts';
import { createPostgresStore } from '../../database/postgres-store.ts';
import type { Store } from '../../database/store.ts';
import type { Clock, Log } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import type { ChatServer } from '../../server/contract.ts';
import { createServer } from '../../server/server.ts';
import { parseServerSettings } from '../../server/settings.ts';
import { given } from '../given.ts';
import type { Running } from './life.ts';
import type { ServerProcessSettings } from './settings.ts';
import { waitFor } from './wait-for.ts';

/** What may be laid around the parts of a server process: a test's way to stop it at a certain point. */
export interface Around {
  ports(ports: DatabasePorts): DatabasePorts;
  chat(chat: ChatServer): ChatServer;
}

export interface DatabasePorts {
  readonly store: Store;
  readonly bus: Bus;
}

/**
 * One chat server in this process, on PostgreSQL. A database that is down is waited for. Rejects with a `Problem` when the
 * settings make no sense, the database stays away, or the port cannot be had.
 */
export async function startServerProcess(
  settings: ServerProcessSettings,
  log: Log,
  around: Around = nothing,
): Promise<Running> {
  const clock = createSystemClock();
  const own = readOwn(settings);
  const patience = { clock, log, waitMs: settings.databaseWaitMs, transient: mayComeBack };
  const ports = around.ports(await waitFor(() => openDatabase(settings, { clock, log }), patience));
  const secrets = createNodeSecrets(given(settings.hashCost));
  await lowerPoolPriority();
  const world = { clock, log, ...ports, secrets, random: createSystemRandom(), vitals: createVitals() };
  const chat = around.chat(createServer(world, own));
  await waitFor(() => chat.start(), patience);
  const { host, port, trustedBalancers } = settings;
  const door = await startNodeServer(chat, { host, port, log, ...given({ trustedBalancers }) });
  return {
    port: door.port,
    stop: async () => {
      await chat.drain();
      await door.close();
      await closeBoth(ports);
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

const nothing: Around = { ports: (ports) => ports, chat: (chat) => chat };

/** Both or none: a database that goes away in between is waited for like one that was never there. */
async function openDatabase(
  { database: url, databaseBounds }: ServerProcessSettings,
  { clock, log }: { clock: Clock; log: Log },
): Promise<DatabasePorts> {
  const bounds = given(databaseBounds);
  const store = await createPostgresStore({ url, log, bounds });
  try {
    return { store, bus: await createPostgresBus({ url, clock, log, bounds }) };
  } catch (cause) {
    await store.close();
    throw new Problem(`The database cannot be listened to (${(cause as Error).message}): check that it runs.`, {
      cause,
    });
  }
}

async function closeBoth({ store, bus }: DatabasePorts): Promise<void> {
  await Promise.all([bus.close(), store.close()]);
}

/** Starting up, shutting down, all connections taken, standing still too long: what PostgreSQL says of a state that passes. */
const passingStates = ['57P01', '57P02', '57P03', '53300', '25P03'];

/** No answer may become one; a refusal, of a password for example, stays. */
function mayComeBack(error: unknown): boolean {
  if (!(error instanceof Error) || error.cause === undefined) return false;
  const state = sqlState(error.cause);
  return state === null || passingStates.includes(state);
}
