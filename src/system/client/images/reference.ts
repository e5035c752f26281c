import { z } from 'zod';
import { fromBase64url } from '../../base64url.ts';
import { blobId } from '../../protocol/http.ts';
import type { ImageType } from './formats/format.ts';
import { imageFormats } from './formats/index.ts';
import { imageLimits } from './limits.ts';
import { isThumbnail } from './thumbnail.ts';

/** 32 bytes in base64url. */
const bytes32 = z.string().refine((text) => fromBase64url(text)?.length === 32, 'must be 32 bytes in base64url');
const side = z.int().min(1).max(imageLimits.sideMax);
const thumbnailSide = z.int().min(1).max(imageLimits.thumbnailSideMax);
const types = Object.values(imageFormats).map(({ type }) => type) as [ImageType, ...ImageType[]];

/** A small picture inside the reference. */
export const imageThumbnail = z
  .strictObject({
    type: z.enum(['image/jpeg', 'image/png']),
    width: thumbnailSide,
    height: thumbnailSide,
    data: z
      .string()
      .max(Math.ceil((imageLimits.thumbnailBytesMax * 4) / 3))
      .describe('The picture in base64url.'),
  })
  .refine(({ data, ...about }) => {
    const bytes = fromBase64url(data);
    return bytes !== null && isThumbnail({ ...about, bytes });
  }, 'must be a picture of the type and size that it says');

/** What travels of an image inside an encrypted message: where it is, how to open it, and what to expect. */
export const imageReference = z
  .strictObject({
    blob: blobId,
    key: bytes32.describe('Key of AES-256-GCM in base64url; of this image only.'),
    bytes: z.int().min(1).max(imageLimits.bytesMax).describe('Length of the image.'),
    sha256: bytes32.describe('SHA-256 of the blob in base64url: the sender commits to these bytes and no others.'),
    type: z.enum(types),
    width: side.optional().describe('In pixels, as the image’s header has it.'),
    height: side.optional(),
    thumbnail: imageThumbnail.optional().describe('To be shown at once.'),
  })
  .describe('An image in a message.');
export type ImageReference = z.infer<typeof imageReference>;
