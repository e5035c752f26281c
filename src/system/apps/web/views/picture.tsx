import { useEffect, useState } from 'preact/hooks';
import type { Content, ConversationId, Seq } from '../../../browser.ts';
import { sizeText } from '../model/words.ts';
import { ImageIcon } from './icons.tsx';
import { ui } from './ui.ts';

type ImageContent = Extract<Content, { kind: 'image' }>;

interface PictureProps {
  readonly content: ImageContent;
  /** Where the image is to be had; null before its message is an entry. */
  readonly place: { readonly conversation: ConversationId; readonly seq: Seq } | null;
}

/** An image in a message: small, and as large as it is when one asks for it. */
export function Picture({ content: { image, caption }, place }: PictureProps) {
  const { thumbnail, bytes } = image;
  const url = useBlobUrl(thumbnail === null ? null : thumbnail.bytes, thumbnail?.type ?? '');
  const name = caption === '' ? `Image, ${sizeText(bytes)}` : `Image: ${caption}`;
  const open = (): void => {
    if (place !== null) ui.picture.value = { ...place, name };
  };
  return (
    <button
      class="picture"
      type="button"
      disabled={place === null}
      onClick={open}
      aria-label={`${name}. Show it large`}
    >
      {thumbnail !== null && url !== null ? (
        <img src={url} alt="" {...shownSize(thumbnail)} />
      ) : (
        <span class="picture-bare">
          <ImageIcon /> {sizeText(bytes)}
        </span>
      )}
    </button>
  );
}

/** A blob's address as long as the component lives. Of bytes whose type was checked, so that nothing but an image comes of it. */
export function useBlobUrl(bytes: Uint8Array | Blob | null, type: string): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (bytes === null) return;
    const made = URL.createObjectURL(
      bytes instanceof Blob ? bytes : new Blob([bytes as Uint8Array<ArrayBuffer>], { type }),
    );
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return url;
}

// ---

const sideMaxPx = 300;
const sideMinPx = 60;

/** Thumbnails are small; they are shown somewhat larger, so that a row of them looks alike. */
function shownSize({ width, height }: { readonly width: number; readonly height: number }) {
  const scale = Math.min(sideMaxPx / width, sideMaxPx / height, 1.5);
  return {
    width: Math.max(sideMinPx, Math.round(width * scale)),
    height: Math.max(sideMinPx, Math.round(height * scale)),
  };
}
