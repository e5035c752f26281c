import { useEffect, useRef, useState } from 'preact/hooks';
import { CloseIcon } from './icons.tsx';
import { useBlobUrl } from './picture.tsx';
import { ui, useSession } from './ui.ts';

/** One image, as large as the window. */
export function Viewer() {
  const picture = ui.picture.value;
  return picture === null ? null : <Shown key={`${picture.conversation} ${picture.seq}`} {...picture} />;
}

// ---

function Shown({ conversation, seq, name }: NonNullable<typeof ui.picture.value>) {
  const { link } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const [blob, setBlob] = useState<Blob | null>(null);
  const [status, setStatus] = useState('Loading …');
  const url = useBlobUrl(blob, '');
  useEffect(() => {
    dialog.current?.showModal();
    const controller = new AbortController();
    const onProgress = ({ bytes, total }: { readonly bytes: number; readonly total: number | null }): void =>
      setStatus(total === null ? 'Loading …' : `Loading … ${Math.round((100 * bytes) / total)} %`);
    link.transfer({ signal: controller.signal, onProgress }, 'readImage', conversation, seq).then(
      (read) => {
        if (read.kind === 'image') setBlob(read.blob);
        else setStatus(read.reason);
      },
      (error: Error) => setStatus(error.message),
    );
    return () => controller.abort();
  }, []);
  return (
    <dialog ref={dialog} class="viewer" aria-label={name} onClose={() => (ui.picture.value = null)}>
      <button class="icon-button" type="button" aria-label="Close" autoFocus onClick={() => dialog.current?.close()}>
        <CloseIcon />
      </button>
      {url === null ? <p role="status">{status}</p> : <img src={url} alt={name} />}
    </dialog>
  );
}
