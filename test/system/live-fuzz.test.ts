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
import { mutatedFrame, validFrame } from '../helpers/arbitrary-frames.ts';
import { type Attack, carryOut, frameBytes, releaseDeaf, wrongInReply } from '../helpers/attacker.ts';

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

interface NamedAttack extends Attack {
  readonly method: string;
  /** 0: the balancer; then the servers themselves. */
  readonly target: number;
}

function anyAttack(tokens: { readonly http: readonly string[]; readonly socket: string }): fc.Arbitrary<NamedAttack> {
  const sent = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 2000 }).map((bytes) => ({ method: '', bytes: Buffer.from(bytes) })),
    },
    { weight: 3, arbitrary: httpRequest(tokens.http) },
    { weight: 5, arbitrary: conversationOf(tokens.socket) },
  );
  return fc
    .record({
      sent,
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
      // biome-ignore lint/suspicious/noThenProperty: it is what comes then.
      then: fc.constantFrom(
        ...(['wait', 'wait', 'wait', 'half', 'half', 'half', 'half', 'reset', 'reset', 'deaf', 'drip'] as const),
      ),
      target: fc.constantFrom(0, 0, 1, 2),
    })
    .map(({ sent: { method, bytes }, ...how }) => ({ ...how, method, bytes }));
}

const line = fc.string({ unit: fc.constantFrom(...'abcXYZ019 -_:;,./%?=&"\'\\\t\u0000\u007fé'), maxLength: 30 });
const path = fc.oneof(
  fc.constantFrom(
    '/v1/users',
    '/v1/sessions',
    '/v1/users/alice',
    '/v1/users/me',
    '/v1/password',
    '/v1/devices',
    '/v1/devices/1',
    '/v1/devices/99999999999999999999',
    '/v1/sessions/all',
    '/v1/key-packages',
    '/v1/key-packages/alice/claim',
    '/v1/key-bundles',
    '/v1/key-bundles/1',
    '/v1/socket',
    '/healthz',
    '/readyz',
    '/stats',
    '/metrics',
  ),
  fc.constantFrom(
    '/v1/blobs',
    '/v1/blobs?conversation=1',
    '/v1/blobs?conversation=999',
    `/v1/blobs/${'A'.repeat(32)}`,
    '/v1/blobs/../users/alice',
    '/v1/blobs/%2e%2e%2f',
  ),
  fc.constantFrom(
    '/',
    '*',
    '//',
    '/v1/users/%',
    '/v1/users/%00',
    '/../../etc/passwd',
    '/?',
    `/${'a'.repeat(20_000)}`,
    'http://x/y',
  ),
  fc.webPath().map((text) => text || '/'),
  line,
);
const header = fc.oneof(
  fc.constantFrom(
    'expect: 100-continue',
    'expect: more',
    'transfer-encoding: chunked',
    'transfer-encoding: gzip, chunked',
  ),
  fc.constantFrom(
    'content-length: 5',
    'content-length: -1',
    'content-length: 99999999999',
    'content-length: 1e3',
    'host: x',
  ),
  fc.constantFrom(
    'upgrade: websocket',
    'upgrade: h2c',
    'connection: upgrade',
    'connection: keep-alive',
    'x-forwarded-for: ,,;',
  ),
  fc.constantFrom(
    `x-long: ${'h'.repeat(20_000)}`,
    ' folded',
    'no colon',
    ': no name',
    'authorization: Bearer',
    'authorization: Basic x',
  ),
  fc.tuple(line, line).map(([name, value]) => `${name}: ${value}`),
);
const body = fc.oneof(
  fc.constantFrom(
    '',
    '{}',
    '[]',
    'null',
    '{"name":',
    '[['.repeat(20_000),
    `"${'b'.repeat(70_000)}"`,
    'b'.repeat(1_200_000),
  ),
  fc.json(),
  fc
    .record(
      {
        name: fc.constantFrom('alice', 'eve', '', 'a\u0000b', '__proto__'),
        password: fc.string(),
        device: fc.string(),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
  fc
    .record({
      old: fc.constantFrom('correct horse', 'wrong horse', ''),
      new: fc.constantFrom('correct horse', 'short'),
    })
    .map((value) => JSON.stringify(value)),
  fc.record({ password: fc.constantFrom('wrong horse', '') }).map((value) => JSON.stringify(value)),
  line,
);

function httpRequest(tokens: readonly string[]): fc.Arbitrary<{ method: string; bytes: Buffer }> {
  return fc
    .record({
      method: fc.constantFrom(
        'GET',
        'GET',
        'POST',
        'POST',
        'DELETE',
        'PUT',
        'HEAD',
        'OPTIONS',
        'CONNECT',
        'BREW',
        'get',
        '',
      ),
      path,
      version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP', ''),
      headers: fc.array(header, { maxLength: 3 }),
      authorized: fc.boolean(),
      token: fc.constantFrom(...tokens),
      honest: fc.boolean(),
      body,
    })
    .map(({ method, path: to, version, headers, token, authorized, honest, body: content }) => {
      const more = [
        'host: localhost',
        'connection: close',
        ...(honest ? [`content-length: ${Buffer.byteLength(content)}`] : []),
        ...(authorized ? [`authorization: Bearer ${token}`] : []),
      ];
      const head = [`${method} ${to} ${version}`, ...more, ...headers].join('\r\n');
      return { method, bytes: Buffer.from(`${head}\r\n\r\n${content}`) };
    });
}

const upgradeHeaders = [
  'host: localhost',
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** A handshake that is mostly right, and frames that mostly are not; sometimes of somebody who has signed in. */
function conversationOf(token: string): fc.Arbitrary<{ method: string; bytes: Buffer }> {
  const helloBytes = textFrame(JSON.stringify({ type: 'hello', token }));
  return fc
    .record({
      handshake: fc.oneof(
        { weight: 6, arbitrary: fc.constant(upgradeHeaders) },
        { weight: 1, arbitrary: spoilt(upgradeHeaders) },
      ),
      path: fc.oneof(
        { weight: 8, arbitrary: fc.constant('/v1/socket') },
        { weight: 1, arbitrary: fc.constantFrom('/v1/socket?x=1', '/v1/users', '/') },
      ),
      signedIn: fc.boolean(),
      frames: fc.array(anyFrame, { maxLength: 40, size: 'max' }),
    })
    .map(({ handshake, path: to, signedIn, frames }) => ({
      method: 'GET',
      bytes: Buffer.concat([
        Buffer.from(`${[`GET ${to} HTTP/1.1`, ...handshake].join('\r\n')}\r\n\r\n`),
        ...(signedIn ? [helloBytes] : []),
        ...frames,
      ]),
    }));
}

/** One header said in another way. Not just left out: without `connection` it would be a request whose connection is kept. */
function spoilt(headers: readonly string[]): fc.Arbitrary<readonly string[]> {
  const instead = fc.constantFrom(
    'connection: close',
    'sec-websocket-version: 7',
    'sec-websocket-key: short',
    'sec-websocket-extensions: ;;',
  );
  return fc
    .tuple(fc.nat({ max: headers.length - 1 }), instead)
    .map(([at, other]) => [
      ...headers.toSpliced(at, 1, other),
      ...(at === 1 && other !== 'connection: close' ? ['connection: close'] : []),
    ]);
}

const anyText = fc.oneof(
  { weight: 4, arbitrary: validFrame.map((frame) => JSON.stringify(frame)) },
  { weight: 4, arbitrary: mutatedFrame.map((frame) => JSON.stringify(frame)) },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '{', '['.repeat(30_000), '{"type":"hello"}', `{"type":"${'t'.repeat(70_000)}"}`),
  },
  { weight: 1, arbitrary: line },
);
const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 12, arbitrary: anyText.map((text) => textFrame(text)) },
  {
    weight: 2,
    arbitrary: fc
      .record(
        {
          opcode: fc.integer({ min: 0, max: 15 }),
          body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
          final: fc.boolean(),
          masked: fc.boolean(),
          reserved: fc.constantFrom(0, 0, 0, 4, 7),
          length: fc.constantFrom(0, 10, 125, 126, 65_535, 65_537, 2 ** 40),
        },
        { requiredKeys: ['opcode', 'body'] },
      )
      .map((frame) => frameBytes(frame)),
  },
  { weight: 1, arbitrary: fc.constantFrom(...closings()) },
);

function textFrame(text: string): Buffer {
  return frameBytes({ opcode: 1, body: Buffer.from(text) });
}

function closings(): readonly Buffer[] {
  return [[], [3], [3, 232], [0, 0], [255, 255]].map((body) => frameBytes({ opcode: 8, body: Buffer.from(body) }));
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
