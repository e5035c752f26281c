import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkNames, type HistoryEvent, judge, readHistory } from '../../../src/metrics/index.ts';
import { type ScenarioInput, scenario } from '../../../src/sim/scenario.ts';
import { sessionDefaults } from '../../../src/sim/users/crowd-contract.ts';
import { startCrowdWorkers } from '../../../src/sim/users/crowd-workers.ts';
import { createLoad } from '../../../src/sim/users/load.ts';
import { buildTrace } from '../../../src/sim/users/trace/trace.ts';
import {
  type ChatServer,
  createMemoryBusHub,
  createMemoryStore,
  createServer,
  type Log,
  parseServerSettings,
  type ServerId,
} from '../../../src/system/index.ts';
import {
  createNodeSecrets,
  createSystemClock,
  createSystemRandom,
  createVitals,
  type NodeServer,
  startNodeServer,
} from '../../../src/system/node.ts';

const log: Log = { write: () => {} };
const clock = createSystemClock();

let directory: string;
let chat: ChatServer;
let server: NodeServer;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'nawaab-users-'));
  chat = createServer(
    {
      clock,
      random: createSystemRandom(),
      log,
      store: createMemoryStore(),
      bus: createMemoryBusHub().join(),
      secrets: createNodeSecrets({ memoryKiB: 8, passes: 1 }),
      vitals: createVitals(),
    },
    {
      ...parseServerSettings({ signInPerMinutePerName: 1000, signInPerMinutePerAddress: 1000 }),
      server: 's1' as ServerId,
    },
  );
  await chat.start();
  server = await startNodeServer(chat, { host: '127.0.0.1', port: 0, log });
});

afterEach(async () => {
  await chat.drain();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

function startLoad(input: Partial<ScenarioInput> = {}) {
  const resolved = scenario.parse({
    name: 'test',
    description: 'A short run.',
    users: 12,
    topology: { kind: 'friends', degree: 3 },
    pace: { kind: 'constant', perSec: 200 },
    rampMs: 50,
    warmupMs: 100,
    measureMs: 400,
    ...input,
  });
  const endpoints = [`http://127.0.0.1:${server.port}`];
  const [seed, tag, session, workers] = [5, 'abcdef', sessionDefaults, 2];
  const shared = { scenario: resolved, seed, tag, runStartMs: clock.now(), endpoints, directory, session };
  const crowds = startCrowdWorkers({ ...shared, workers, log });
  return { load: createLoad({ crowds, clock, users: resolved.users }), sends: buildTrace(resolved, seed).sends.count };
}

describe('crowds in worker threads', () => {
  it('drive a real server by the same trace, and what they recorded passes every check', async () => {
    const { load, sends } = startLoad();
    await load.signUp();
    await load.connect();
    await load.openConversations();
    await load.send(clock.now());
    expect(await load.drain(5000)).toBe(true);
    await load.stop();
    expect(load.totals()).toMatchObject({ offered: sends, accepted: sends, delivered: sends, errors: 0 });

    const files = [0, 1].map((worker) => join(directory, `history-${worker}.bin`));
    const failed = (await judge(readHistory(files), checkNames)).filter((verdict) => verdict.result === 'fail');
    expect(failed).toEqual([]);
    const events: HistoryEvent[] = [];
    for await (const batch of readHistory(files)) events.push(...batch);
    expect(events.filter((event) => event.kind === 'app' && event.op === 'send')).toHaveLength(sends);
  });

  it('say in one sentence why the users could not sign up', async () => {
    const { load } = startLoad({ users: 2, topology: { kind: 'pairs' } });
    const taken = { name: 'u0-abcdef', password: 'somebody else' };
    await chat.http({ method: 'POST', path: '/v1/users', body: JSON.stringify(taken), remote: '::1' });
    await expect(load.signUp()).rejects.toThrow('The simulated user u0-abcdef could not sign up: nameTaken.');
    await load.stop();
  });

  it('report the death of a thread instead of waiting for it', async () => {
    rmSync(directory, { recursive: true });
    const { load } = startLoad();
    await expect(load.signUp()).rejects.toThrow(/The worker thread \d of the users died: ENOENT/);
    await expect(load.stop()).rejects.toThrow(/died/);
  });
});
