import type { Content, Item } from '../../shared/messenger.ts';
import type { Line } from '../text/spans.ts';
import type { Stage } from './stage.ts';

type Thumbnail = NonNullable<Extract<Content, { kind: 'image' }>['image']['thumbnail']>;

/** Makes lines of a thumbnail; rejects when it cannot be drawn. */
export type DrawThumbnail = (thumbnail: Thumbnail) => Promise<readonly Line[]>;

/** Draws the thumbnails of the open conversation's newest images, one after the other. */
export function createThumbnails(stage: Stage, draw: DrawThumbnail): void {
  let isBusy = false;
  stage.chat.subscribe(() => {
    if (!isBusy) stage.run(drawAll());
  });

  async function drawAll(): Promise<void> {
    isBusy = true;
    try {
      for (let next = undrawn(); next !== undefined; next = undrawn()) {
        const { key, thumbnail } = next;
        const lines = await draw(thumbnail).catch(() => []);
        stage.put({ thumbnails: new Map([...stage.ui.thumbnails, [key, lines] as const].slice(-drawnMax)) });
      }
    } finally {
      isBusy = false;
    }
  }

  function undrawn(): { readonly key: string; readonly thumbnail: Thumbnail } | undefined {
    const items = stage.chat.state.open?.items ?? [];
    for (const item of items.slice(-lookedAt).toReversed()) {
      const thumbnail = item.content.kind === 'image' ? item.content.image.thumbnail : null;
      const key = thumbnailKey(item);
      if (thumbnail && !stage.ui.thumbnails.has(key)) return { key, thumbnail };
    }
    return undefined;
  }
}

export function thumbnailKey({ conversation, seq }: Pick<Item, 'conversation' | 'seq'>): string {
  return `${conversation}:${seq}`;
}

// ---

const lookedAt = 100;
/** Drawn ones that are kept; more than are looked at, so that none is drawn again and again. */
const drawnMax = 200;
