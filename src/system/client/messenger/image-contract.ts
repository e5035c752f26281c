import type { ErrorCode } from '../../protocol/errors.ts';
import type { ConversationId, Seq } from '../../protocol/ids.ts';
import type {
  Ciphers,
  ImageFailureKind,
  ImageSource,
  ImageType,
  Inspected,
  MakeThumbnail,
  Thumbnail,
  TransferOptions,
} from '../images/index.ts';
import type { LocalId, Outcome } from './contract.ts';

/** The part of a messenger that moves images. */
export interface MessengerImages {
  /**
   * Sends an image: it is uploaded while one is online, and then its message is queued like any other. What was not
   * uploaded when the program ends is not sent. After a lost connection a `Blob` is uploaded anew, and a source that can be
   * read only once is not. Throws a `Problem` when the caption is too long, or too many images wait.
   */
  sendImage(conversation: ConversationId, source: ImageSource, options?: SendImageOptions): AskedImage;
  /**
   * Fetches the image of an entry: all of it, at most `imageLimits.bytesMax` bytes, checked to be what the sender sent.
   * Rejects with a `Problem` when the entry is not there or has no image.
   */
  readImage(conversation: ConversationId, seq: Seq, options?: TransferOptions): Promise<ImageRead>;
}

/** `signal` counts until the message is queued. Progress begins anew when the upload does. */
export interface SendImageOptions extends TransferOptions {
  readonly caption?: string;
}

/** An image that is to be sent. */
export interface AskedImage {
  /** The operation with the message, once it is kept: from then on it survives a crash. Null when there will be none. */
  readonly queued: Promise<LocalId | null>;
  /** Never rejects. */
  readonly outcome: Promise<ImageOutcome>;
}

export type ImageOutcome =
  | Outcome
  /** By one's own signal. Nothing was sent. */
  | { readonly kind: 'cancelled' }
  /** There is no message, for the image could not be uploaded. */
  | {
      readonly kind: 'notUploaded';
      readonly code: ErrorCode | Exclude<ImageFailureKind, 'cancelled' | 'refused' | 'damaged'>;
      /** For people. */
      readonly reason: string;
    };

/** Type and size are those of the bytes, whatever the sender said. */
export type ImageRead =
  | ({ readonly kind: 'image'; readonly bytes: Uint8Array<ArrayBuffer> } & Inspected)
  /**
   * `gone`: the servers have it no longer, or not for this user. `refused`: with the server's reason. `damaged`: it is not what
   * was sent, or nothing that anybody should decode. `offline`: not now; it may be tried again. `cancelled`: by one's own signal.
   */
  | {
      readonly kind: 'gone' | 'refused' | 'damaged' | 'offline' | 'cancelled';
      /** For people. */
      readonly reason: string;
    };

/** An image as a message shows it before it is fetched. Type and size are the sender's word. */
export interface ImagePreview {
  readonly type: ImageType;
  /** In pixels. */
  readonly width: number | null;
  readonly height: number | null;
  /** Length in bytes. */
  readonly bytes: number;
  /** Its own type and size are checked. */
  readonly thumbnail: Thumbnail | null;
}

/** What images ask of the world. */
export interface ImagePorts {
  readonly ciphers: Ciphers;
  /** Left out: images go without. */
  readonly makeThumbnail?: MakeThumbnail;
}

export const messengerImageLimits = {
  /** Uploads at once; more wait. */
  uploadsMax: 2,
  /** Images that are uploaded or wait for it; `sendImage` throws beyond. */
  imagesWaitingMax: 100,
  /** Downloads at once; more wait. Each holds a whole image in memory. */
  downloadsMax: 4,
  captionCharsMax: 2000,
} as const;
