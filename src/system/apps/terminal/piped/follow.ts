import type { Conversation, ConversationId, Item, Messenger, Seq } from '../../shared/messenger.ts';
import { printableJson, printableLine } from '../../shared/printable.ts';
import { changeText, sayingOf } from '../screen/timeline.ts';
import { stamp } from '../text/time.ts';

interface Following {
  /** Null for all conversations. */
  readonly place: ConversationId | null;
  readonly json: boolean;
  readonly print: (line: string) => void;
  readonly ending: AbortSignal;
}

/**
 * Prints what others write, beginning with what was not read, until it is to end. What was printed is marked read, so
 * that the next time goes on behind it.
 */
export async function follow(messenger: Messenger, { place, json, print, ending }: Following): Promise<void> {
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
      for (const item of page) {
        const text = item.isOwn
          ? null
          : json
            ? jsonLine(item, conversation)
            : textLine(item, conversation, place !== null);
        if (text !== null) print(text);
      }
      shown.set(id, last.seq);
      await messenger.markRead(id, last.seq);
    }
  }

  function textLine(item: Item, { kind, title }: Conversation, isOne: boolean): string | null {
    const where = isOne || kind === 'direct' ? '' : `[${printableLine(title)}] `;
    const head = `${stamp(item.at)} ${where}`;
    if (item.content.kind !== 'membership') return `${head}${item.sender}: ${indented(sayingOf(item.content).text)}`;
    const change = printableLine(changeText(item, messenger.me?.name ?? null));
    return change === '' ? null : `${head}— ${change} —`;
  }
}

// ---

/** So that nobody can write a line that looks like somebody else's. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n    ');
}

function jsonLine({ conversation, seq, at, sender, content }: Item, { kind, title }: Conversation): string {
  const when = new Date(at).toISOString();
  return printableJson({ type: 'item', conversation, kind, title, seq, at: when, sender, content });
}
