import { useEffect } from 'preact/hooks';
import { goTo, ui, useSession } from './ui.ts';

/** Keys that work everywhere: Ctrl+K searches, Alt+arrows change the conversation, Escape goes back a step. */
export function useKeys(): void {
  const session = useSession();
  useEffect(() => {
    const step = (by: number): void => {
      const all = session.chat.ordered.peek();
      const at = all.findIndex(({ id }) => id === session.selected.peek()?.id);
      const next = all[at < 0 ? 0 : at + by];
      if (next !== undefined) goTo(next.id);
    };
    const pressed = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        document.querySelector<HTMLInputElement>('#search')?.focus();
      } else if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
        event.preventDefault();
        step(event.key === 'ArrowDown' ? 1 : -1);
      } else if (event.key === 'Escape' && ui.dialog.peek() === null) {
        if (ui.panel.peek() !== null) ui.panel.value = null;
        else document.querySelector<HTMLTextAreaElement>('#composer')?.focus();
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [session]);
}
