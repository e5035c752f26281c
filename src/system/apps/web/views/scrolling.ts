import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** Keeps what is seen where it is while rows come and go above and below it, or at the end while the end is seen. */
export interface Scrolling {
  readonly box: RefObject<HTMLElement | null>;
  /** To be called when the user scrolls; answers how far it is to both ends, in heights of the box. */
  scrolled(): Ends;
  /** From the next change on the end is kept in sight. */
  stick(): void;
  /** The row of this key is kept at this distance from the upper edge. */
  hold(key: string, top: number): void;
}

export interface Ends {
  readonly before: number;
  readonly after: number;
  readonly isAtEnd: boolean;
}

/** Nearer to the end than this counts as at it, in pixels. */
const nearPx = 48;

export function useScrolling(rows: unknown): Scrolling {
  const box = useRef<HTMLElement>(null);
  const held = useRef<{ readonly key: string; readonly top: number } | null>(null);

  const settle = (): void => {
    const element = box.current;
    if (element === null) return;
    const row = held.current && findRow(element, held.current.key);
    if (row)
      element.scrollTop += row.getBoundingClientRect().top - element.getBoundingClientRect().top - held.current!.top;
    else if (held.current === null) element.scrollTop = element.scrollHeight;
  };

  // Rows have changed: before the browser paints.
  useLayoutEffect(settle, [rows]);

  // Pictures load, the window and the composer change their height.
  useLayoutEffect(() => {
    const watch = new ResizeObserver(settle);
    watch.observe(box.current!);
    watch.observe(box.current!.firstElementChild!);
    return () => watch.disconnect();
  }, []);

  return {
    box,
    scrolled() {
      const element = box.current!;
      const { scrollTop, scrollHeight, clientHeight } = element;
      const below = scrollHeight - scrollTop - clientHeight;
      const isAtEnd = below < nearPx;
      held.current = isAtEnd ? null : firstSeen(element);
      return { before: scrollTop / clientHeight, after: below / clientHeight, isAtEnd };
    },
    stick() {
      held.current = null;
    },
    hold(key, top) {
      held.current = { key, top };
    },
  };
}

// ---

function findRow(element: HTMLElement, key: string): HTMLElement | null {
  return element.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

/** The first row that is not above the edge, by halving: they stand in order. */
function firstSeen(element: HTMLElement): { readonly key: string; readonly top: number } | null {
  const rows = element.querySelectorAll<HTMLElement>('[data-key]');
  const edge = element.getBoundingClientRect().top;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.getBoundingClientRect().bottom <= edge) low = middle + 1;
    else high = middle;
  }
  const row = rows[low];
  return row === undefined ? null : { key: row.dataset.key!, top: row.getBoundingClientRect().top - edge };
}
