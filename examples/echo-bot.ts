/**
 * Answers every message with its own words, each exactly once, whatever is restarted in between.
 *
 *   node examples/echo-bot.ts http://127.0.0.1:8080 [name] [folder]
 *
 * The folder (default `echo-bot-data`) keeps its database and the password that it has made for itself.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConversationId, type Item, type Messenger, openMessenger, type Seq } from '../src/system/sdk.ts';

export interface EchoBotOptions {
  readonly origin: string;
  readonly name: string;
  readonly folder: string;
}

/** Starts the bot; `close` of what it answers ends it. */
export async function startEchoBot({ origin, name, folder }: EchoBotOptions): Promise<Messenger> {
  const messenger = await openMessenger({ origin, path: join(folder, `${name}.db`), label: 'echo-bot' });
  messenger.on('operation', ({ id, state }) => {
    // For example because it was removed from the group: there is nobody to answer any more.
    if (state.kind === 'failed') void messenger.discard(id);
  });
  messenger.on('state', ({ trouble }) => {
    if (trouble === 'signInAgain') void signIn(messenger, name, folder).then(() => messenger.start());
  });
  if (!messenger.isSignedIn) await signIn(messenger, name, folder);
  const answer = answerOnce(messenger);
  // What came in and was not answered before the last end; afterwards each message is an event.
  for (const { id } of messenger.conversations()) for (const item of await unanswered(messenger, id)) answer(item);
  messenger.on('item', answer);
  messenger.start();
  return messenger;
}

/** The answer and the mark "read up to here" are one write: after a crash either both are there or none. */
function answerOnce(messenger: Messenger): (item: Item) => void {
  const answered = new Map<ConversationId, Seq>();
  return ({ conversation, seq, isOwn, content }) => {
    if (isOwn || content.kind !== 'text' || seq <= (answered.get(conversation) ?? 0)) return;
    answered.set(conversation, seq);
    messenger.send(conversation, content.text, { readUpTo: seq });
  };
}

async function unanswered(messenger: Messenger, conversation: ConversationId): Promise<readonly Item[]> {
  const items: Item[] = [];
  let after = messenger.conversation(conversation)!.read;
  for (;;) {
    const page = await messenger.history({ conversation, after, limit: 100 });
    if (page.length === 0) return items;
    items.push(...page);
    after = page.at(-1)!.seq;
  }
}

/** The token in the database is good for a month; after that, and the first time, the password is needed. */
async function signIn(messenger: Messenger, name: string, folder: string): Promise<void> {
  const password = passwordIn(join(folder, `${name}.password`));
  if (messenger.me === null) await messenger.signUp({ name, password });
  const outcome = await messenger.signIn({ name, password });
  if (outcome.kind === 'ok') return;
  await messenger.close();
  const why = outcome.kind === 'refused' ? `was refused: ${outcome.code}` : `was not answered: ${outcome.reason}`;
  throw new Error(`Signing in as ${name} ${why}.`);
}

function passwordIn(path: string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const password = randomBytes(24).toString('base64url');
  writeFileSync(path, password, { mode: 0o600 });
  return password;
}

if (import.meta.main) {
  const [origin = 'http://127.0.0.1:8080', name = 'echo', folder = 'echo-bot-data'] = process.argv.slice(2);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const messenger = await startEchoBot({ origin, name, folder }).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
  messenger.on('state', ({ connection }) => console.log(`${name} is ${connection}`));
  messenger.on('broken', ({ message }) => console.error(message));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void messenger.close());
}
