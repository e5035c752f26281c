import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Shows a dialog above everything; when it goes, the focus returns to where it was. */
export function useDialog(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => before?.focus();
  }, []);
  return dialog;
}
