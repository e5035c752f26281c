import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** Shows a dialog above everything, before the next key can be pressed; when it goes, the focus returns to where it was. */
export function useDialog(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const { activeElement, body } = document;
    // A dialog that takes the place of another returns to where that one came from.
    const before = activeElement === body ? opener : (activeElement as HTMLElement | null);
    opener = before;
    dialog.current?.showModal();
    // As long as it is shown, nothing else can have the focus.
    return () => queueMicrotask(() => before?.focus());
  }, []);
  return dialog;
}

// ---

let opener: HTMLElement | null = null;
