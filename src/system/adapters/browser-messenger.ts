import { type EncryptionName, encryptions } from '../client/encryption/index.ts';
import type { Messenger, MessengerOptions } from '../client/messenger/contract.ts';
import { createMessenger } from '../client/messenger/messenger.ts';
import { createMlsSealing } from '../client/messenger/mls/mls-sealing.ts';
import type { Log } from '../ports.ts';
import { createBrowserClock } from './browser-clock.ts';
import { createBrowserRandom } from './browser-random.ts';
import { createFetchTransport } from './fetch-transport.ts';
import { openIndexedDb } from './indexeddb-database.ts';
import { createWebCipherSuite } from './web-cipher-suite.ts';

export interface OpenBrowserMessengerOptions extends MessengerOptions {
  /** Name of the local database: one for each user of this browser. Only one window or worker can have it open. */
  readonly name: string;
  /** Default: nothing is logged. */
  readonly log?: Log;
  /** How messages are encrypted from end to end. Default `mls`; a database stays with the one that it began with. */
  readonly encryption?: EncryptionName | 'none';
}

/** A messenger in a page or worker, its database in IndexedDB. Rejects with a `Problem` when that cannot be opened. */
export async function openBrowserMessenger(options: OpenBrowserMessengerOptions): Promise<Messenger> {
  const { name, log = silent, encryption = 'mls', ...rest } = options;
  const random = createBrowserRandom();
  const suite = encryption === 'none' ? null : await createWebCipherSuite();
  const database = await openIndexedDb({ name });
  try {
    return await createMessenger(
      {
        clock: createBrowserClock(),
        random,
        log,
        database,
        transportTo: (origin) => createFetchTransport({ origin }),
        ...(suite !== null &&
          encryption !== 'none' && { sealing: createMlsSealing(encryptions[encryption]({ suite, random })) }),
      },
      rest,
    );
  } catch (error) {
    await database.close();
    throw error;
  }
}

// ---

const silent: Log = { write: () => {} };
