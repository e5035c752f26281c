import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConversationId, type Messenger, openMessenger } from '../../src/system/node.ts';
import { password } from '../../test/helpers/chat-pages.ts';

/** A messenger has one message of a conversation under way at a time; several devices do not wait for each other. */
const devices = 3;

export interface HistoryOrder {
  readonly origin: string;
  readonly reader: string;
  readonly count: number;
  /** Called now and then with the number of messages that the servers have. */
  readonly progress: (written: number) => void;
}

/** A scripted user of the SDK, `writer`, writes `message 1, …` up to `count` to `reader`, encrypted, about in this order and the last one last. */
export async function writeHistory({ origin, reader, count, progress }: HistoryOrder): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-history-'));
  const writers = await openWriters(origin, folder);
  const conversation = await open(writers[0]!, reader);
  await Promise.all(writers.map((writer) => entered(writer, conversation)));
  for (let begin = 1; begin < count; begin += step) {
    await send(begin, Math.min(begin + step, count));
    progress(Math.min(begin + step, count) - 1);
  }
  await send(count, count + 1);
  await Promise.all(writers.map((writer) => writer.close()));
  rmSync(folder, { recursive: true });

  async function send(from: number, to: number): Promise<void> {
    const numbers = Array.from({ length: to - from }, (_, at) => from + at);
    const asked = numbers.map((number) => writers[number % devices]!.send(conversation, textOf(number)));
    const outcomes = await Promise.all(asked.map(({ outcome }) => outcome));
    const failed = outcomes.find(({ kind }) => kind !== 'sent');
    if (failed) throw new Error(JSON.stringify(failed));
  }
}

// ---

const step = 1000;

async function open(writer: Messenger, reader: string): Promise<ConversationId> {
  const opened = await writer.openDirect(reader).outcome;
  if (opened.kind !== 'sent') throw new Error(JSON.stringify(opened));
  return opened.conversation;
}

async function openWriters(origin: string, folder: string): Promise<readonly Messenger[]> {
  const writers: Messenger[] = [];
  for (let device = 0; device < devices; device++) {
    const label = `writer ${device}`;
    const writer = await openMessenger({ origin, path: join(folder, `${label}.db`), label });
    const who = { name: 'writer', password };
    const entered = device === 0 ? await writer.signUp(who) : await writer.signIn(who);
    if (entered.kind !== 'ok') throw new Error(JSON.stringify(entered));
    writer.start();
    writers.push(writer);
  }
  return writers;
}

function entered(writer: Messenger, conversation: ConversationId): Promise<void> {
  if (writer.conversation(conversation) !== null) return Promise.resolve();
  return new Promise((resolve) => {
    writer.on('conversation', ({ id }) => id === conversation && resolve());
  });
}

const long = ' that goes on for a while and needs a second line, and perhaps even a third one, on a narrow window';

function textOf(number: number): string {
  return `message ${number}, ${number % 5 === 0 ? long : 'of no great length'}`;
}
