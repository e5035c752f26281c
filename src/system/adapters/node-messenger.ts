import { type EncryptionName, encryptions } from '../client/encryption/index.ts';
import type { Messenger, MessengerOptions } from '../client/messenger/contract.ts';
import { createMessenger } from '../client/messenger/messenger.ts';
import { createMlsSealing } from '../client/messenger/mls/mls-sealing.ts';
import type { Log, Random } from '../ports.ts';
import { createCanvasThumbnails } from './canvas-thumbnail.ts';
import { createNodeCipherSuite } from './node-cipher-suite.ts';
import { createNodeCiphers } from './node-ciphers.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { createSystemClock } from './system-clock.ts';
import { createSystemRandom } from './system-random.ts';
import { createWsTransport } from './ws-transport.ts';

export interface OpenMessengerOptions extends MessengerOptions {
  /** File of the local database; made if it is missing, for this user of the machine alone. */
  readonly path: string;
  /** Default: nothing is logged; what an application must know comes as events and outcomes. */
  readonly log?: Log;
  /**
   * How messages are encrypted from end to end. Default `mls`; `modelled` has its sizes and keeps nothing secret, `none`
   * sends them as they are. A database stays with the one that it began with.
   */
  readonly encryption?: EncryptionName | 'none';
}

/** A messenger on Node with its database in a file. Rejects with a `Problem` when that cannot be opened. */
export async function openMessenger(options: OpenMessengerOptions): Promise<Messenger> {
  const { path, log = silent, encryption = 'mls', ...rest } = options;
  const database = await openSqliteDatabase({ path });
  try {
    const transportTo = (origin: string) => createWsTransport({ origin });
    const random = createSystemRandom();
    const sealing = encryption === 'none' ? undefined : sealingOf(encryption, random);
    const images = { ciphers: createNodeCiphers(), makeThumbnail: createCanvasThumbnails() };
    const clock = createSystemClock();
    const world = { clock, random, log, database, transportTo, images, ...(sealing && { sealing }) };
    return await createMessenger(world, rest);
  } catch (error) {
    await database.close();
    throw error;
  }
}

// ---

const silent: Log = { write: () => {} };

function sealingOf(name: EncryptionName, random: Random): ReturnType<typeof createMlsSealing> {
  return createMlsSealing(encryptions[name]({ suite: createNodeCipherSuite(), random }));
}
