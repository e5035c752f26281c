import type { Transport } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { ImageFailure, type TransferOptions } from '../images/index.ts';
import type { Asked } from './contract.ts';
import type { Core } from './core.ts';
import { createDownloads } from './downloads.ts';
import type { ImagePorts, MessengerImages } from './image-contract.ts';
import type { Reading } from './reading.ts';
import { createTransfers, type Transfers } from './transfers.ts';
import { createUploads } from './uploads.ts';

interface Parts {
  readonly reading: Reading;
  /** Asks for a message whose content is written. `saved`: when it is on the disk. */
  sendContent(conversation: ConversationId, content: string): Asked & { readonly saved: Promise<void> };
  /** Null while signed out. */
  servers(): Servers | null;
  checkOpen(): void;
}

interface Servers {
  readonly transport: Transport;
  readonly token: string;
}

/** What uploads and downloads share. */
export interface ImageParts extends Omit<Parts, 'servers'> {
  readonly core: Core;
  readonly transfers: Transfers;
  isOnline(): boolean;
  /** Throws an `ImageFailure` while signed out. */
  servers(): Servers;
  /** Throws a `Problem` when the messenger has none. */
  ports(): ImagePorts;
  /** A listener that throws is logged and ends no transfer. */
  harmless(onProgress: TransferOptions['onProgress']): TransferOptions['onProgress'];
}

/** Images of a messenger; it tells when one is `online`, when that ends (`halt`), and when all ends (`close`). */
export interface Images extends MessengerImages, Pick<Transfers, 'online' | 'halt' | 'close'> {}

export function createImages(core: Core, given: Parts): Images {
  const transfers = createTransfers();
  const parts: ImageParts = {
    ...given,
    core,
    transfers,
    isOnline: () => core.session()?.state === 'online',
    servers() {
      const servers = given.servers();
      if (servers === null)
        throw new ImageFailure('refused', 'Nobody is signed in: sign in, and try again.', { code: 'unauthenticated' });
      return servers;
    },
    ports() {
      if (core.world.images) return core.world.images;
      throw new Problem('This messenger was made without `images`; hand their ciphers in to send and read images.');
    },
    harmless: (onProgress) =>
      onProgress &&
      ((progress) => {
        try {
          onProgress(progress);
        } catch (error) {
          core.world.log.write('error', 'A listener to the progress of an image failed.', { error: String(error) });
        }
      }),
  };
  const { online, halt, close } = transfers;
  return { sendImage: createUploads(parts), readImage: createDownloads(parts), online, halt, close };
}
