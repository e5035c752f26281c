import { type EncryptionName, encryptions } from '../client/encryption/index.ts';
import type { Messenger, MessengerOptions } from '../client/messenger/contract.ts';
import { createMessenger } from '../client/messenger/messenger.ts';
import { createMlsSealing } from '../client/messenger/mls/mls-sealing.ts';
import type { Log, Random } from '../ports.ts';
import { createBrowserClock } from './browser-clock.ts';
import { createBrowserRandom } from './browser-random.ts';
import { createBrowserThumbnails } from './browser-thumbnail.ts';
import { createBrowserTransport } from './browser-transport.ts';
import { eraseIndexedDb, type IndexedDbWorld, openIndexedDb } from './indexeddb-database.ts';
import { createWebCipherSuite } from './web-cipher-suite.ts';
import { createWebCiphers } from './web-ciphers.ts';

export interface OpenBrowserMessengerOptions extends MessengerOptions {
  /** Of the local database; one for each user. Default `nawaab`. */
  readonly name?: string;
  /** Default: that of the page. */
  readonly origin?: string;
  /** Default: nothing is logged; what an application must know comes as events and outcomes. */
  readonly log?: Log;
  /**
   * How messages are encrypted from end to end. Default `mls`; `modelled` has its sizes and keeps nothing secret, `none`
   * sends them as they are. A database stays with the one that it began with.
   */
  readonly encryption?: EncryptionName | 'none';
  /** Default: the browser's. */
  readonly storage?: IndexedDbWorld;
}

/**
 * A messenger in a page or a worker of a browser, with its database in IndexedDB. Rejects with a `Problem` when that cannot
 * be opened; also while another window of the browser has it open.
 */
export async function openBrowserMessenger(options: OpenBrowserMessengerOptions = {}): Promise<Messenger> {
  const { name = nameDefault, log = silent, encryption = 'mls', storage, origin = ownOrigin(), ...rest } = options;
  const random = createBrowserRandom();
  const sealing = encryption === 'none' ? undefined : await sealingOf(encryption, random);
  const database = await openIndexedDb({ name, waitMs, ...(storage && { world: storage }) });
  try {
    const world = {
      clock: createBrowserClock(),
      random,
      log,
      database,
      transportTo: (to: string) => createBrowserTransport({ origin: to }),
      images: { ciphers: createWebCiphers(), makeThumbnail: createBrowserThumbnails() },
      ...(sealing && { sealing }),
    };
    return await createMessenger(world, { ...rest, ...(origin !== undefined && { origin }) });
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * Removes the local database of a user from this browser: messages, keys, what was waiting to be sent. Sign out before, or the
 * device stays in the user's list. Rejects with a `Problem` while it is open.
 */
export function eraseBrowserMessenger(
  options: Pick<OpenBrowserMessengerOptions, 'name' | 'storage'> = {},
): Promise<void> {
  const { name = nameDefault, storage } = options;
  return eraseIndexedDb({ name, waitMs, ...(storage && { world: storage }) });
}

// ---

const nameDefault = 'nawaab';
/** A page that is loaded anew may meet the lock of the one before. */
const waitMs = 1000;
const silent: Log = { write: () => {} };

function ownOrigin(): string | undefined {
  const { location } = globalThis as unknown as { location?: { readonly origin: string } };
  return location?.origin;
}

async function sealingOf(name: EncryptionName, random: Random): Promise<ReturnType<typeof createMlsSealing>> {
  return createMlsSealing(encryptions[name]({ suite: await createWebCipherSuite(), random }));
}
