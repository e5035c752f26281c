import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, startDemo } from '../../../src/system/apps/serve/demo/demo.ts';
import { answerTo, characters } from '../../../src/system/apps/serve/demo/lines.ts';
import type { Item } from '../../../src/system/client/messenger/contract.ts';
import { createLog, type LocalCluster, openMessenger, startLocalCluster } from '../../../src/system/node.ts';

let home: string;
let demo: Demo;
let cluster: LocalCluster;
let origin: string;

describe('a demonstration', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'demo-test-'));
    // PostgreSQL may run as another user.
    chmodSync(home, 0o755);
    demo = await startDemo({ data: home, awayMs: 10, pace: 0.01 });
    cluster = await startLocalCluster({
      servers: 2,
      database: { kind: 'embedded', directory: join(home, 'database'), persistent: false },
      logDirectory: join(home, 'logs'),
      hashCost: { memoryKiB: 8, passes: 1 },
      demo: demo.address,
      log: createLog({ component: 'test', destination: { write: () => {} } }),
    });
    origin = cluster.endpoints[0]!;
    await demo.begin(cluster);
  });
  afterAll(async () => {
    await demo?.end();
    await cluster?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it('writes to whoever comes, makes a group with them, and answers what they write', async () => {
    const sam = await openMessenger({ origin, path: join(home, 'sam.db') });
    const heard: Item[] = [];
    const until = async (is: (item: Item) => boolean): Promise<Item> => {
      const found = heard.find(is);
      if (found) return found;
      return new Promise((resolve) => sam.on('item', (item) => is(item) && resolve(item)));
    };
    sam.on('item', (item) => heard.push(item));
    await sam.signUp({ name: 'sam', password: 'correct horse' });
    sam.start();
    await ask('welcome', { name: 'sam' });
    const hello = await until(({ sender, content }) => sender === 'ada' && content.kind === 'text');
    sam.send(hello.conversation, 'What is a server?');
    const isAnswer = ({ sender, seq, content }: Item) =>
      sender === 'ada' && seq > hello.seq + 1 && content.kind === 'text';
    expect((await until(isAnswer)).conversation).toBe(hello.conversation);
    const inGroup = await until(({ sender, content }) => sender === 'grace' && content.kind === 'text');
    expect(sam.conversation(inGroup.conversation)).toMatchObject({ kind: 'group', title: 'Tea room' });
    await sam.close();
  });

  it('kills a server through the balancer, and brings it back', async () => {
    const before = cluster.servers[0]!.pid;
    expect((await ask('kill', { server: 's1' })).status).toBe(200);
    await cluster.start('s1');
    expect(cluster.servers[0]!.pid).not.toBe(before);
    const seen = await (await fetch(`${origin}/demo/`)).json();
    expect(seen).toEqual({
      people: ['ada', 'grace', 'alan'],
      servers: [
        { name: 's1', isUp: true },
        { name: 's2', isUp: true },
      ],
    });
  });

  it('does nothing for a page of another origin, nor for what is not there', async () => {
    const headers = { 'content-type': 'text/plain' };
    const foreign = await fetch(`${origin}/demo/kill`, { method: 'POST', headers, body: '{"server":"s1"}' });
    expect(foreign.status).toBe(400);
    for (const body of [{ server: 'b1' }, { server: '' }, {}, null]) expect((await ask('kill', body)).status).toBe(400);
    expect((await ask('welcome', { name: 'no name' })).status).toBe(400);
    expect(cluster.servers.every(({ pid }) => pid !== null)).toBe(true);
  });
});

describe('a scripted user', () => {
  it('has an answer to everything, and another one the next time', () => {
    for (const character of characters) {
      for (const text of ['', 'Hello', 'Why?', 'x\ny']) expect(answerTo(character, text, 3)).not.toBe('');
      expect(answerTo(character, 'so', 0)).not.toBe(answerTo(character, 'so', 1));
    }
  });
});

// ---

function ask(what: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'x-nawaab-demo': '1' };
  return fetch(`${origin}/demo/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
}
