import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openMessenger } from '../../../adapters/node-messenger.ts';
import type { Item, Messenger } from '../../../client/messenger/contract.ts';
import type { Ms } from '../../../ports.ts';
import { Problem } from '../../../problem.ts';
import type { ConversationId, UserName } from '../../../protocol/ids.ts';
import { answerTo, type Character } from './lines.ts';

/** A scripted user: reads what people write, and answers a little later. */
export interface Person {
  readonly name: UserName;
  readonly messenger: Messenger;
  /** Writes as if by hand: says that it is typing, takes its time. */
  say(conversation: ConversationId, text: string): Promise<void>;
  close(): Promise<void>;
}

export interface PersonOptions {
  readonly origin: string;
  /** Where its local database is kept. */
  readonly folder: string;
  /** Factor of the time that it takes for an answer. */
  readonly pace: number;
  /** Whether it is this one's turn to answer. */
  readonly answers: (item: Item, messenger: Messenger) => boolean;
}

/** Signs in as last time, or up under the character's name or one like it. Rejects with a `Problem`. */
export async function startPerson(
  character: Character,
  { origin, folder, pace, answers }: PersonOptions,
): Promise<Person> {
  const messenger = await openMessenger({ origin, path: join(folder, `${character.name}.db`), label: 'demo' });
  const ending = new AbortController();
  try {
    if (!messenger.isSignedIn) await signUp(messenger, character.name);
    const { name } = messenger.me!;
    let turn = 0;
    messenger.on('item', (item) => {
      if (item.isOwn || item.content.kind === 'membership' || item.content.kind === 'expired') return;
      void messenger.markRead(item.conversation, item.seq).catch(() => {});
      if (!answers(item, messenger)) return;
      const text = item.content.kind === 'text' ? item.content.text : 'What is that?';
      void say(item.conversation, answerTo(character, text, turn++)).catch(() => {});
    });
    messenger.start();
    return { name, messenger, say, close };
  } catch (error) {
    await messenger.close();
    throw error;
  }

  async function say(conversation: ConversationId, text: string): Promise<void> {
    await pause(pace * thinkingMs, undefined, { signal: ending.signal });
    messenger.typing(conversation);
    await pause(pace * typingMs(text), undefined, { signal: ending.signal });
    messenger.send(conversation, text);
  }

  async function close(): Promise<void> {
    ending.abort();
    await messenger.close();
  }
}

// ---

const thinkingMs: Ms = 400;
const namesTried = 9;

function typingMs(text: string): Ms {
  return Math.min(600 + 18 * text.length, 2500);
}

async function signUp(messenger: Messenger, name: string): Promise<void> {
  const password = randomBytes(18).toString('base64url');
  for (let attempt = 1; attempt <= namesTried; attempt++) {
    const outcome = await messenger.signUp({ name: attempt === 1 ? name : `${name}${attempt}`, password });
    if (outcome.kind === 'ok') return;
    if (outcome.kind !== 'refused' || outcome.code !== 'nameTaken') {
      throw new Problem(`The scripted user ${name} could not sign up: ${JSON.stringify(outcome)}.`);
    }
  }
  throw new Problem(`The name ${name} and ${namesTried - 1} like it are taken; use another folder with --data.`);
}
