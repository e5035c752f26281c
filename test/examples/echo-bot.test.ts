import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEchoBot } from '../../examples/echo-bot.ts';
import type { Messenger } from '../../src/system/client/messenger/contract.ts';
import { openMessenger } from '../../src/system/node.ts';
import type { ConversationId } from '../../src/system/protocol/ids.ts';
import { startRealServer } from '../helpers/real-server.ts';

let folder: string;
let origin: string;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'echo-bot-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startRealServer();
  cleanups.push(() => server.stop());
  ({ origin } = server);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Somebody who writes to the bot from a program of their own. */
async function ada(): Promise<{ messenger: Messenger; room: ConversationId; heard(count: number): Promise<string[]> }> {
  const messenger = await openMessenger({ origin, path: join(folder, 'ada.db') });
  cleanups.push(() => messenger.close());
  await messenger.signUp({ name: 'ada', password: 'correct horse' });
  messenger.start();
  const opened = await messenger.openDirect('echo').outcome;
  if (opened.kind !== 'sent') throw new Error(JSON.stringify(opened));
  const texts: string[] = [];
  let look = () => {};
  messenger.on('item', ({ isOwn, content }) => {
    if (!isOwn && content.kind === 'text') texts.push(content.text);
    look();
  });
  const heard = (count: number) =>
    new Promise<string[]>((resolve) => {
      look = () => texts.length >= count && resolve(texts);
      look();
    });
  return { messenger, room: opened.conversation, heard };
}

describe('the echo bot', { timeout: 60_000 }, () => {
  it('answers each message once, in order', async () => {
    const bot = await startEchoBot({ origin, name: 'echo', folder });
    cleanups.push(() => bot.close());
    const { messenger, room, heard } = await ada();
    const said = Array.from({ length: 20 }, (_, i) => `message ${i}`);
    for (const text of said) messenger.send(room, text);
    expect(await heard(20)).toEqual(said);
    expect(messenger.conversation(room)?.isEncrypted).toBe(true);
    expect(await messenger.safetyCode(room)).toBe(await bot.safetyCode(room));
    expect(statSync(join(folder, 'echo.password')).mode & 0o777).toBe(0o600);
  });

  it('as a process that is killed again and again, still answers each message once', async () => {
    let bot = await startProcess();
    const { messenger, room, heard } = await ada();
    const said: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 10; i++) {
        said.push(`round ${round}, message ${i}`);
        messenger.send(room, said.at(-1)!);
      }
      await heard(round * 10 + 3);
      bot.kill('SIGKILL');
      await once(bot, 'exit');
      bot = await startProcess();
    }
    expect(await heard(said.length)).toEqual(said);
    bot.kill('SIGTERM');
    expect(await once(bot, 'exit')).toEqual([0, null]);
    expect(existsSync(join(folder, 'echo.db-wal'))).toBe(false);
  });

  it('says in one line why it cannot start', async () => {
    const running = await startEchoBot({ origin, name: 'echo', folder });
    cleanups.push(() => running.close());
    const second = spawn(process.execPath, [program, origin, 'echo', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines: string[] = [];
    for await (const line of createInterface(second.stderr)) lines.push(line);
    expect(lines).toEqual([
      `The local database ${join(folder, 'echo.db')} is in use by another program or window; close that first.`,
    ]);
  });
});

const program = fileURLToPath(import.meta.resolve('../../examples/echo-bot.ts'));

async function startProcess(): Promise<ChildProcess> {
  const bot = spawn(process.execPath, [program, origin, 'echo', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => bot.kill('SIGKILL'));
  for await (const line of createInterface(bot.stdout)) if (line === 'echo is online') break;
  return bot;
}
