import { z } from 'zod';
import { fromBase64url } from '../../base64url.ts';
import { type ImageReference, imageReference } from '../images/index.ts';
import type { ImagePreview } from './image-contract.ts';

/** The content of a message with an image: `{"v":1,"kind":"image","image":{…},"caption":"…","fallback":"[image] …"}`. */
export interface ImageContent {
  readonly reference: ImageReference;
  /** May be empty. */
  readonly caption: string;
}

/** Leaves the thumbnail out where it would take more than `bytesMax` bytes. */
export function writeImage({ reference, caption }: ImageContent, bytesMax: number): string {
  const whole = written(reference, caption);
  if (new TextEncoder().encode(whole).length <= bytesMax) return whole;
  const { thumbnail: _, ...bare } = reference;
  return written(bare, caption);
}

/** Null for what is no image that could be fetched; the thumbnail's own bytes have been looked at. Never throws. */
export function readImageContent({ image, caption = '' }: Readonly<Record<string, unknown>>): ImageContent | null {
  const reference = known.safeParse(image);
  return reference.success && typeof caption === 'string' ? { reference: reference.data, caption } : null;
}

/** What is shown of a reference: nothing that opens the image. */
export function previewOf({ type, width, height, bytes, thumbnail }: ImageReference): ImagePreview {
  const small = thumbnail && { ...thumbnail, bytes: fromBase64url(thumbnail.data)! };
  return {
    type,
    width: width ?? null,
    height: height ?? null,
    bytes,
    thumbnail: small ? { type: small.type, width: small.width, height: small.height, bytes: small.bytes } : null,
  };
}

// ---

const version = 1;

/** Fields of newer programs are ignored. */
const known = z.object(imageReference.shape);

function written(image: ImageReference, caption: string): string {
  const fallback = caption === '' ? '[image]' : `[image] ${caption}`;
  return JSON.stringify({ v: version, kind: 'image', image, caption, fallback });
}
