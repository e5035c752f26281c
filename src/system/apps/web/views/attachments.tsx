import { useEffect, useRef } from 'preact/hooks';
import type { ConversationId } from '../../../browser.ts';
import { sizeText } from '../model/words.ts';
import { CloseIcon, ImageIcon } from './icons.tsx';
import { useBlobUrl } from './picture.tsx';
import { useSession } from './ui.ts';

/** Kinds that a page can draw and the messenger sends; what a file really is, is read from its bytes. */
export const imageTypes = 'image/png,image/jpeg,image/gif,image/webp,image/avif';

export function imagesIn(data: DataTransfer | null): readonly File[] {
  return [...(data?.files ?? [])].filter(({ type }) => imageTypes.split(',').includes(type));
}

/** Opens the picker of files. */
export function Attach({ onPicked }: { readonly onPicked: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        accept={imageTypes}
        multiple
        hidden
        aria-label="Images"
        onChange={(event) => {
          onPicked([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
      <button
        class="icon-button"
        type="button"
        aria-label="Attach images"
        title="Attach images; or paste or drop them"
        onClick={() => input.current?.click()}
      >
        <ImageIcon />
      </button>
    </>
  );
}

/** Images that are chosen and not sent yet. */
export function Chosen({ files, onRemove }: ChosenProps) {
  return (
    <ul class="chosen-images" aria-label="Images to be sent">
      {files.map((file, at) => (
        <ChosenImage key={`${file.name} ${file.lastModified} ${at}`} file={file} onRemove={() => onRemove(file)} />
      ))}
    </ul>
  );
}

interface ChosenProps {
  readonly files: readonly File[];
  readonly onRemove: (file: File) => void;
}

/** Images on their way, with how far they are. */
export function Progress({ conversation }: { readonly conversation: ConversationId }) {
  const { uploads } = useSession();
  const mine = uploads.all.value.filter((one) => one.conversation === conversation);
  const isBusy = uploads.all.value.length > 0;
  // An upload ends with the page.
  useEffect(() => {
    if (!isBusy) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isBusy]);
  if (mine.length === 0) return null;
  return (
    <ul class="uploads" aria-label="Images on their way">
      {mine.map(({ key, name, done }) => (
        <li key={key}>
          <span class="upload-name">{name}</span>
          <progress max={1} {...(done === null ? {} : { value: done })} aria-label={`Upload of ${name}`} />
          <button class="icon-button" type="button" aria-label={`Cancel ${name}`} onClick={() => uploads.cancel(key)}>
            <CloseIcon />
          </button>
        </li>
      ))}
    </ul>
  );
}

// ---

function ChosenImage({ file, onRemove }: { readonly file: File; readonly onRemove: () => void }) {
  const url = useBlobUrl(file, file.type);
  return (
    <li>
      {url !== null && <img src={url} alt={`${file.name}, ${sizeText(file.size)}`} />}
      <button class="icon-button" type="button" aria-label={`Remove ${file.name}`} onClick={onRemove}>
        <CloseIcon />
      </button>
    </li>
  );
}
