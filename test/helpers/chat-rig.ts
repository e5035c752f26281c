/** Several chat servers sharing one memory store and bus on a manual clock, and clients that speak frames. */

import { noUseLimits } from '../../src/sim/backends/lifted-limits.ts';
import { startNodeSha256 } from '../../src/system/adapters/node-sha256.ts';
import type { Bus } from '../../src/system/database/bus.ts';
import { createMemoryBusHub } from '../../src/system/database/memory-bus.ts';
import { createMemoryStore, type MemoryStore } from '../../src/system/database/memory-store.ts';
import type { Signal } from '../../src/system/database/signal.ts';
import type { Store } from '../../src/system/database/store.ts';
import type { Secrets } from '../../src/system/ports.ts';
import type { ClientFrame, Entry, ServerFrame } from '../../src/system/protocol/frames.ts';
import type { ConversationId, DeviceId, Seq, ServerId, UserName } from '../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../src/system/seeded-random.ts';
import type { ChatServer, ServerSettings } from '../../src/system/server/contract.ts';
import { createServer } from '../../src/system/server/server.ts';
import { serverDefaults } from '../../src/system/server/settings.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createSocketPair, type SocketPair } from './socket-pair.ts';

export interface ChatRig {
  readonly clock: ManualClock;
  readonly store: MemoryStore;
  readonly servers: readonly ChatServer[];
  /** Lines of level `error`: a server must write none. */
  readonly errors: readonly string[];
  /** All that servers have signalled to each other. */
  readonly signals: readonly Signal[];
  /** Loses every hint and signal from now on, or no longer. */
  loseHints(lose: boolean): void;
  signIn(name: string, label?: string): Promise<Account>;
  connect(account: Account, server?: number, cursors?: Cursors, asks?: Asks): FrameClient;
  /** Connects and waits until it has caught up. */
  online(name: string, server?: number, asks?: Asks): Promise<FrameClient>;
  drain(): Promise<void>;
}

export interface Account {
  readonly name: UserName;
  readonly token: string;
  readonly device: DeviceId;
}

/** What a client asks for in `hello`. */
export type Asks = Pick<Extract<ClientFrame, { type: 'hello' }>, 'receipts' | 'typing'>;

type Cursors = readonly (readonly [ConversationId, number])[];

export interface RigOptions {
  readonly servers?: number;
  readonly settings?: Partial<ServerSettings>;
  /** Lets a test stand between a server and the store. */
  readonly wrap?: (store: Store, clock: ManualClock, server: number) => Store;
  /** Default: cheap ones that anybody could read. */
  readonly secrets?: Secrets;
  /** Decides when a hint or a signal arrives; not calling `run` loses it. */
  readonly deliver?: (run: () => void, clock: ManualClock, news: 'hints' | 'signals') => void;
}

export async function createChatRig(options: RigOptions = {}): Promise<ChatRig> {
  const clock = createManualClock();
  const store = createMemoryStore();
  let losing = false;
  const deliver = options.deliver ?? ((run: () => void) => queueMicrotask(run));
  const signals: Signal[] = [];
  let news: 'hints' | 'signals' = 'hints';
  const hub = createMemoryBusHub({ deliver: (run) => losing || deliver(run, clock, news) });
  const joinBus = (): Bus => {
    const bus = hub.join();
    return {
      ...bus,
      signal(more) {
        signals.push(...more);
        news = 'signals';
        bus.signal(more);
        news = 'hints';
      },
    };
  };
  const random = createSeededRandom(1);
  const errors: string[] = [];
  const servers = Array.from({ length: options.servers ?? 1 }, (_, i) => {
    const settings = { ...serverDefaults, ...rigSettings, ...options.settings, server: `s${i + 1}` as ServerId };
    const log = {
      write: (level: string, message: string, fields?: object) =>
        void (level === 'error' && errors.push(`${message} ${JSON.stringify(fields)}`)),
    };
    return createServer(
      {
        clock,
        random: random.fork(`s${i + 1}`),
        log,
        store: options.wrap?.(store, clock, i) ?? store,
        bus: joinBus(),
        secrets: options.secrets ?? plainSecrets,
        vitals: { sample: () => vitals },
      },
      settings,
    );
  });
  await Promise.all(servers.map((server) => server.start()));

  const rig: ChatRig = {
    clock,
    store,
    servers,
    errors,
    signals,
    loseHints: (lose) => {
      losing = lose;
    },
    signIn: (name, label) => signInAt(servers[0]!, name, label),
    connect: (account, server = 0, cursors, asks = {}) =>
      helloTo(servers[server]!, account, { ...asks, ...(cursors && { cursors: cursors as [ConversationId, Seq][] }) }),
    async online(name, server = 0, asks) {
      const client = rig.connect(await rig.signIn(name), server, undefined, asks);
      await clock.advance(0);
      if (!client.frames.some((frame) => frame.type === 'caughtUp')) throw new Error(`${name} did not catch up.`);
      return client;
    },
    drain: async () => {
      const drained = Promise.all(servers.map((server) => server.drain()));
      await clock.advance(100);
      await drained;
    },
  };
  return rig;
}

/** A client that keeps every frame, and checks nothing. */
export interface FrameClient {
  readonly account: Account;
  readonly frames: ServerFrame[];
  readonly pair: SocketPair;
  /** The code with which it was closed; null while open. */
  readonly closed: number | null;
  send(frame: Frame): void;
  raw(text: string): void;
  entries(conversation?: ConversationId): Entry[];
  /** Answers to one's own operations. */
  answer(clientId: number): Extract<ServerFrame, { type: 'accepted' | 'refused' }> | undefined;
  /** Sequences as the session learned of them: entries and one's own accepted operations, in order of arrival. */
  seqs(conversation: ConversationId): number[];
}

type Hello = Extract<Frame, { type: 'hello' }>;

/** Frames with plain numbers and strings for ids. */
export type Frame = {
  readonly [type in ClientFrame['type']]: Plain<Extract<ClientFrame, { type: type }>>;
}[ClientFrame['type']];
type Plain<T> = T extends ClientFrame['type']
  ? T
  : T extends number
    ? number
    : T extends string
      ? string
      : T extends readonly (infer E)[]
        ? readonly Plain<E>[]
        : T extends object
          ? { [K in keyof T]: Plain<T[K]> }
          : T;

/** Signs up, if need be, and in. */
export async function signInAt(server: ChatServer, name: string, label = 'phone'): Promise<Account> {
  const post = (path: string, body: object) =>
    server.http({ method: 'POST', path, body: JSON.stringify(body), remote: '10.0.0.1' });
  await post('/v1/users', { name, password: 'correct horse' });
  const answer = await post('/v1/sessions', { name, password: 'correct horse', device: label });
  if (answer.status !== 200) throw new Error(`Sign-in of ${name} was answered ${answer.status} ${answer.body}.`);
  return JSON.parse(answer.body) as Account;
}

/** A new connection that says `hello`. */
export function helloTo(server: ChatServer, account: Account, asks: Omit<Hello, 'type' | 'token'> = {}): FrameClient {
  const client = open(server, account);
  client.send({ type: 'hello', token: account.token, ...asks });
  return client;
}

/** A connection that has not said hello. */
export function open(server: ChatServer, account: Account): FrameClient {
  const frames: ServerFrame[] = [];
  let closed: number | null = null;
  const pair = createSocketPair({
    message: (frame) => void frames.push(JSON.parse(frame) as ServerFrame),
    closed: (code) => {
      closed = code;
    },
  });
  pair.attach(server.accept(pair.server));
  return {
    account,
    frames,
    pair,
    get closed() {
      return closed;
    },
    send: (frame) => pair.send(JSON.stringify(frame)),
    raw: (text) => pair.send(text),
    entries: (conversation) =>
      frames.filter(
        (frame): frame is Entry => isEntry(frame) && (conversation ?? frame.conversation) === frame.conversation,
      ),
    answer: (clientId) =>
      frames.findLast(
        (frame): frame is Extract<ServerFrame, { type: 'accepted' | 'refused' }> =>
          (frame.type === 'accepted' || frame.type === 'refused') && frame.clientId === clientId,
      ),
    seqs: (conversation) =>
      frames.flatMap((frame) =>
        (isEntry(frame) || frame.type === 'accepted') && frame.conversation === conversation ? [frame.seq] : [],
      ),
  };
}

export function isEntry(frame: ServerFrame): frame is Entry {
  return frame.type === 'message' || frame.type === 'membership';
}

// ---

const rigSettings: Partial<ServerSettings> = {
  ...noUseLimits,
  signInPerMinutePerName: 1000,
  signInPerMinutePerAddress: 10_000,
};

export const plainSecrets: Secrets = {
  hashPassword: async (password) => `hash of ${password}`,
  verifyPassword: async (password, hash) => hash === `hash of ${password}`,
  digestToken: (token) => `digest of ${token}`,
  startSha256: startNodeSha256,
};

const vitals = {
  cpuFraction: 0.25,
  cpuMicros: 1000,
  rssBytes: 1_000_000,
  eventLoopUtilization: 0.5,
  eventLoopP99Ms: 2,
};
