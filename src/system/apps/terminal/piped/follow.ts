import type { Content, Conversation, ConversationId, Item, Messenger, Seq } from '../../shared/messenger.ts';
import { printableJson, printableLine } from '../../shared/printable.ts';
import { saveImage } from '../pictures/files.ts';
import { isSaid, noteText, sayingOf } from '../screen/saying.ts';
import { stamp } from '../text/time.ts';

interface Following {
  /** Null for all conversations. */
  readonly place: ConversationId | null;
  readonly json: boolean;
  /** Folder that images are saved in; null: they are not fetched. */
  readonly images: string | null;
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  readonly ending: AbortSignal;
}

/**
 * Prints what others write, beginning with what was not read, until it is to end. What was printed is marked read, so
 * that the next time goes on behind it.
 */
export async function follow(
  messenger: Messenger,
  { place, json, images, print, complain, ending }: Following,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const shown = new Map<ConversationId, Seq>();
  /** One after the other, so that lines keep their order. */
  let work = Promise.resolve();
  const look = (id: ConversationId) => {
    if (place === null || place === id) work = work.then(() => showNew(id)).catch(done.reject);
  };
  const offs = [
    messenger.on('item', ({ conversation }) => look(conversation)),
    messenger.on('broken', (reason) => done.reject(reason)),
  ];
  ending.addEventListener('abort', () => done.resolve(), { once: true });
  if (ending.aborted) done.resolve();
  for (const { id } of messenger.conversations().toReversed()) look(id);
  try {
    await done.promise;
    await work;
  } finally {
    for (const off of offs) off();
  }

  async function showNew(id: ConversationId): Promise<void> {
    const conversation = messenger.conversation(id);
    if (conversation === null) return;
    for (;;) {
      const after = shown.get(id) ?? conversation.read;
      const page = await messenger.history({ conversation: id, after });
      const last = page.at(-1);
      if (last === undefined || ending.aborted) return;
      for (const item of page) if (!item.isOwn) await showItem(item, conversation);
      shown.set(id, last.seq);
      await messenger.markRead(id, last.seq);
    }
  }

  async function showItem(item: Item, conversation: Conversation): Promise<void> {
    const file = images !== null && item.content.kind === 'image' ? await fetched(item, images) : null;
    const line = json ? jsonLine(item, conversation, file) : textLine(item, conversation, file);
    if (line !== null) print(line);
  }

  /** The image as a file in the folder; null, and the reason said, when it cannot be had. */
  async function fetched({ conversation, seq }: Item, folder: string): Promise<string | null> {
    const image = await messenger.readImage(conversation, seq);
    if (image.kind === 'image') return saveImage({ path: folder, name: `nawaab-${conversation}-${seq}`, ...image });
    complain(`The image ${conversation}-${seq} was not saved: ${image.reason}`);
    return null;
  }

  function textLine(item: Item, { kind, title }: Conversation, file: string | null): string | null {
    const where = place !== null || kind === 'direct' ? '' : `[${printableLine(title)}] `;
    const head = `${stamp(item.at)} ${where}`;
    const saved = file === null ? '' : ` saved as ${printableLine(file)}`;
    if (isSaid(item.content)) {
      return `${head}${printableLine(item.sender)}: ${indented(sayingOf(item.content).text)}${saved}`;
    }
    const change = noteText(item, messenger.me?.name ?? null);
    return change === '' ? null : `${head}— ${change} —`;
  }
}

// ---

/** So that nobody can write a line that looks like somebody else's. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n    ');
}

function jsonLine({ conversation, seq, at, sender, content }: Item, of: Conversation, file: string | null): string {
  const { kind, title } = of;
  const when = new Date(at).toISOString();
  const saved = file === null ? {} : { file };
  return printableJson({
    type: 'item',
    conversation,
    kind,
    title,
    seq,
    at: when,
    sender,
    content: plain(content),
    ...saved,
  });
}

/** Without the bytes of a thumbnail. */
function plain(content: Content): object {
  if (content.kind !== 'image') return content;
  const { thumbnail: _, ...image } = content.image;
  return { ...content, image };
}
