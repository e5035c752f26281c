import type { Item, Messenger } from '../../shared/messenger.ts';
import { edit, editorOf, insert, written } from './editor.ts';
import type { Key } from './keys.ts';
import type { Stage } from './stage.ts';
import type { SearchPanel } from './ui.ts';

interface Searching {
  /** Opens the panel, and searches when there is a text already. */
  begin(text: string): void;
  press(key: Key, panel: SearchPanel): void;
}

export function createSearching(stage: Stage, goTo: (item: Item) => Promise<void>): Searching {
  const { messenger, put, failed } = stage;

  return {
    begin(text) {
      const panel: SearchPanel = {
        kind: 'search',
        query: editorOf(text),
        searched: null,
        found: [],
        at: 0,
        isBusy: false,
      };
      put({ panel });
      if (text !== '') search(panel).catch(failed);
    },
    press(key, panel) {
      const isAsked = panel.searched === written(panel.query);
      const last = panel.found.length - 1;
      switch (key.kind) {
        case 'escape':
          return put({ panel: null });
        case 'text':
          return put({ panel: { ...panel, query: insert(panel.query, key.text.replaceAll('\n', ' ')) } });
        case 'edit':
          return put({ panel: { ...panel, query: edit(panel.query, key.how) } });
        case 'up':
          return put({ panel: { ...panel, at: Math.max(0, panel.at - 1) } });
        case 'down':
          return put({ panel: { ...panel, at: Math.max(0, Math.min(last, panel.at + 1)) } });
        case 'enter': {
          const item = panel.found[panel.at];
          return void (isAsked && item ? goTo(item) : search(panel)).catch(failed);
        }
        default:
      }
    },
  };

  async function search(panel: SearchPanel): Promise<void> {
    const text = written(panel.query).trim();
    if (text === '' || panel.isBusy) return;
    put({ panel: { ...panel, isBusy: true } });
    const found: Item[] = [];
    let next: Awaited<ReturnType<Messenger['search']>>['next'] = null;
    do {
      const part = await messenger.search({ text, before: next });
      found.push(...part.found);
      next = part.next;
    } while (next !== null && found.length < foundMax && isOpen());
    const now = stage.ui.panel;
    if (now?.kind === 'search') put({ panel: { ...now, searched: written(panel.query), found, at: 0, isBusy: false } });
  }

  function isOpen(): boolean {
    return stage.ui.panel?.kind === 'search';
  }
}

// ---

/** Who finds as many as this will want to say more of what is sought. */
const foundMax = 100;
