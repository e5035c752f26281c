import type { Messenger, MessengerOptions } from '../client/messenger/contract.ts';
import { createMessenger } from '../client/messenger/messenger.ts';
import type { Log } from '../ports.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { createSystemClock } from './system-clock.ts';
import { createSystemRandom } from './system-random.ts';
import { createWsTransport } from './ws-transport.ts';

export interface OpenMessengerOptions extends MessengerOptions {
  /** File of the local database; made if it is missing, for this user of the machine alone. */
  readonly path: string;
  /** Default: nothing is logged; what an application must know comes as events and outcomes. */
  readonly log?: Log;
}

/** A messenger on Node with its database in a file. Rejects with a `Problem` when that cannot be opened. */
export async function openMessenger(options: OpenMessengerOptions): Promise<Messenger> {
  const { path, log = silent, ...rest } = options;
  const database = await openSqliteDatabase({ path });
  try {
    const transportTo = (origin: string) => createWsTransport({ origin });
    const world = { clock: createSystemClock(), random: createSystemRandom(), log, database, transportTo };
    return await createMessenger(world, rest);
  } catch (error) {
    await database.close();
    throw error;
  }
}

// ---

const silent: Log = { write: () => {} };
