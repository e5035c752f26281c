/** What anybody may send at a live server through a live balancer, while two users talk and must not notice. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversFound } from '../../src/system/apps/serve/readiness.ts';
import {
  type ConversationId,
  createMemoryBusHub,
  createMemoryStore,
  createSeededRandom,
  createServer,
  createSession,
  type Entry,
  type Log,
  type ServerId,
  serverDefaults,
  signIn,
  signUp,
  type UserName,
} from '../../src/system/index.ts';
import {
  createNodeSecrets,
  createSystemClock,
  createVitals,
  createWsTransport,
  type NodeBalancer,
  startBalancer,
  startNodeServer,
} from '../../src/system/node.ts';
import { carryOut, releaseDeaf, wrongInReply } from '../helpers/attacker.ts';
import { anyAttack, type NamedAttack } from '../helpers/attacks.ts';

const seed = Number(process.env.FUZZ_SEED ?? 20_260_301);
const attacks = 500;
const atOnce = 125;
/** Longest time after which the system is rid of a connection: a closing handshake that nobody answers. */
const ridOfMs = 12_000;
const patience = {
  helloMs: 300,
  heartbeatMs: 1000,
  slowReaderMs: 500,
  requestMs: 400,
  keepAliveMs: 400,
  headMs: 300,
  closingMs: 300,
  stallMs: 300,
  transferMs: 2000,
  lingerMs: 300,
};

const clock = createSystemClock();
const random = createSeededRandom(seed);
const failures: string[] = [];
const log: Log = {
  write: (level, message, fields) => void (level === 'error' && failures.push(`${message} ${JSON.stringify(fields)}`)),
};
const stops: (() => Promise<unknown>)[] = [];
let balancer: NodeBalancer;
let serverPorts: readonly number[] = [];

beforeAll(async () => {
  const store = createMemoryStore();
  const hub = createMemoryBusHub({ deliver: (run) => setImmediate(run) });
  const start = async (name: string) => {
    const { helloMs, heartbeatMs, slowReaderMs, requestMs, keepAliveMs, closingMs, stallMs, transferMs } = patience;
    const settings = { ...serverDefaults, helloMs, heartbeatMs, slowReaderMs, drainMs: 500, server: name as ServerId };
    const secrets = createNodeSecrets({ memoryKiB: 8, passes: 1 });
    const world = { clock, random: random.fork(name), log, store, bus: hub.join(), secrets, vitals: createVitals() };
    const chat = createServer(world, settings);
    await chat.start();
    const times = { requestMs, keepAliveMs, closingMs, stallMs, transferMs };
    const door = await startNodeServer(chat, { host: '127.0.0.1', port: 0, log, ...times });
    stops.push(async () => {
      await chat.drain();
      await door.close();
    });
    return { id: name as ServerId, host: '127.0.0.1', port: door.port };
  };
  const servers = [await start('s1'), await start('s2')];
  serverPorts = servers.map(({ port }) => port);
  const { headMs, lingerMs } = patience;
  const listening = { host: '127.0.0.1', port: 0, headMs, lingerMs };
  balancer = await startBalancer({ ...listening, servers, strategy: 'round-robin', log, clock });
  await serversFound({ name: 'b1', origin: `http://127.0.0.1:${balancer.port}` });
});
afterAll(async () => {
  await balancer.stop();
  for (const stop of stops) await stop();
});

describe('a live system under attack', { timeout: 60_000 }, () => {
  it('answers with documented codes, forgets every connection, and two users who talk meanwhile notice nothing', async () => {
    const [alice, bob] = [await talker('alice'), await talker('bob')];
    // Some attacks sign out.
    const mallories = await Promise.all(Array.from({ length: 20 }, (_, i) => account(`mallory${i}`)));
    const tokens = { http: mallories.map(({ token }) => token), socket: (await account('eve')).token };
    const conversation = await openDirect(alice, bob);
    const talk = [startTalking(alice, conversation), startTalking(bob, conversation)];

    // The first ones warm up whatever is made once.
    await carryOutAll(fc.sample(anyAttack(tokens), { seed: seed - 1, numRuns: attacks / 4 }));
    await forgotten();
    const [socketsBefore, bytesBefore] = [openSockets(), heapBytes()];
    const wrong = await carryOutAll(fc.sample(anyAttack(tokens), { seed, numRuns: attacks }));
    await forgotten();
    await expect.poll(openSockets, { timeout: ridOfMs }).toBeLessThanOrEqual(socketsBefore);

    const sent = talk.map((stop) => stop());
    expect(wrong).toEqual([]);
    // Otherwise the attacks did not get as far as they should.
    expect([...met]).toEqual(expect.arrayContaining(['101', '204', '400', '403', '404', 'malformed', 'outOfOrder']));
    expect(failures).toEqual([]);
    await expect.poll(() => [alice.session.pending, bob.session.pending], { timeout: 10_000 }).toEqual([0, 0]);
    const heard = () => [bob, alice].map((user) => user.heard(conversation));
    await expect.poll(() => heard().map(({ length }) => length), { timeout: 10_000 }).toEqual(sent);
    for (const numbers of heard()) expect(numbers).toEqual(numbers.map((_, index) => index));
    expect([...alice.losses, ...bob.losses]).toEqual([]);
    expect(Math.min(...sent)).toBeGreaterThan(50);
    expect(heapBytes() - bytesBefore).toBeLessThan(heapGrowthBytesMax);
    for (const { session } of [alice, bob]) session.stop();
  });
});

// --- attackers

/** Answers what was wrong with the replies, with the attack that provoked it. */
async function carryOutAll(all: readonly NamedAttack[]): Promise<string[]> {
  const wrong: string[] = [];
  const left = all.values();
  const attacker = async (): Promise<void> => {
    for (const one of left) {
      const port = [balancer.port, ...serverPorts][one.target]!;
      const verdict = await carryOut(one, port, ridOfMs).then((reply) => judged(reply, one.method), String);
      if (verdict !== null)
        wrong.push(`${verdict}\n${one.then} ${JSON.stringify(one.bytes.toString('latin1').slice(0, 400))}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, attacker));
  return wrong;
}

/** Statuses and codes of the replies. */
const met = new Set<string>();

function judged(reply: Buffer, method: string): string | null {
  const text = reply.toString('latin1');
  for (const [, status, code] of text.matchAll(/^HTTP\/1\.1 (\d{3})|"code":"(\w+)"/gm)) met.add((status ?? code)!);
  return wrongInReply(reply, method);
}

// --- users

type Talker = Awaited<ReturnType<typeof talker>>;

async function account(name: string) {
  const transport = createWsTransport({ origin: `http://127.0.0.1:${balancer.port}` });
  await signUp(transport, { name, password: 'correct horse' });
  const answer = await signIn(transport, { name, password: 'correct horse', device: 'test' });
  if (answer.kind !== 'ok') throw new Error(`${name} could not sign in: ${JSON.stringify(answer)}`);
  return { ...answer.value, transport };
}

/** A user who keeps what the other one says and how often the connection was lost. */
async function talker(name: string) {
  const { token, device, transport } = await account(name);
  const entries: Entry[] = [];
  const losses: unknown[] = [];
  const opened = Promise.withResolvers<ConversationId>();
  const session = createSession(
    { clock, random: random.fork(name), log, transport },
    { token, device, backoffBaseMs: 50, backoffMaxMs: 500, ackDelayMs: 20 },
    {
      disconnected: (why) => void (session.state !== 'offline' && losses.push(why)),
      accepted: ({ conversation }) => opened.resolve(conversation),
      entry: (entry) => void entries.push(entry),
    },
  );
  session.start();
  /** Strangers may open conversations of their own with anybody. */
  const heard = (conversation: ConversationId) =>
    entries.flatMap((entry) =>
      entry.conversation === conversation && entry.type === 'message'
        ? [Number(Buffer.from(entry.payload, 'base64url').toString())]
        : [],
    );
  return { name, session, heard, losses, opened: opened.promise };
}

function openDirect(one: Talker, other: Talker): Promise<ConversationId> {
  one.session.openDirect(other.name as UserName);
  return one.opened;
}

/** Counts aloud until it is stopped, which answers how far it came. */
function startTalking({ session }: Talker, conversation: ConversationId): () => number {
  let count = 0;
  const say = () => session.send(conversation, Buffer.from(`${count++}`).toString('base64url'));
  const timer = setInterval(say, 20);
  return () => {
    clearInterval(timer);
    return count;
  };
}

// --- what is left

/** Nobody but the two users is connected any more, although the deaf have not let go. */
async function forgotten(): Promise<void> {
  const sessions = () => balancer.stats().servers.reduce((sum, { stats }) => sum + (stats?.sessions ?? 0), 0);
  await expect.poll(sessions, { timeout: ridOfMs }).toBe(2);
  await expect.poll(() => balancer.stats().connections, { timeout: ridOfMs }).toBeLessThanOrEqual(connectionsOfUsers);
  releaseDeaf();
}

/** A socket for each of the two who talk, and one that was kept from each of the four who signed in. */
const connectionsOfUsers = 6;
const heapGrowthBytesMax = 12_000_000;

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
