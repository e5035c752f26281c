/**
 * PostgreSQL alone: three writers on overlapping direct conversations, paced and flat out; then hints, then cursors. CPU of all its processes,
 * rows, latency. Linux only. Options: `--rate N` (5000), `--seconds N` (5), `--wait N` ms that a batch gathers (4), `--setting name=value`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type {
  Bus,
  ClientId,
  Connected,
  ConversationId,
  Cursor,
  Log,
  Send,
  Seq,
  Store,
  UserName,
} from '../src/system/index.ts';
import {
  createPostgresBus,
  createPostgresStore,
  createSystemClock,
  startEmbeddedPostgres,
} from '../src/system/node.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '5' },
    wait: { type: 'string', default: '4' },
    setting: { type: 'string', multiple: true, default: [] },
  },
});
const ratePerSec = Number(values.rate);
const phaseMs = 1000 * Number(values.seconds);
const waitMs = Number(values.wait);
const settings = Object.fromEntries(values.setting.map((text) => text.split('=', 2) as [string, string]));

const writers = 3;
const userCount = 300;
const conversationsPerUser = 4;
const payload = 'A'.repeat(400); // 300 bytes in base64url.
const flatOutBatch = 100;
const cursorsPerSec = 1000;
const cursorFlushMs = 100;
const tickMicros = 10_000;
const log: Log = { write: (level, message) => level === 'error' && console.error(message) };

interface Room {
  readonly id: ConversationId;
  readonly members: readonly [Connected, Connected];
}

interface Phase {
  readonly perSec: number;
  readonly batchSize: number;
  /** CPU of PostgreSQL, and of this process, for each message or cursor. */
  readonly postgresUs: number;
  readonly nodeUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const folder = await mkdtemp(join(tmpdir(), 'nawaab-bench-'));
await chmod(folder, 0o755);
const postgres = await startEmbeddedPostgres({ directory: join(folder, 'postgres'), persistent: false, settings, log });
const stores: Store[] = [];
const buses: Bus[] = [];
try {
  for (let n = 0; n < writers; n++) {
    stores.push(await createPostgresStore({ url: postgres.url, log }));
    buses.push(await createPostgresBus({ url: postgres.url, clock: createSystemClock(), log }));
  }
  const rooms = await createRooms(stores[0]!);
  let lastId = 1_000_000;
  const messages = (count: number): Send[] => Array.from({ length: count }, () => message(rooms, ++lastId as ClientId));
  const write = (store: Store, count: number) => store.accept(messages(count));
  await run('warm-up', { perSec: ratePerSec / 4, waitMs, act: write });

  const paced = await run('paced', { perSec: ratePerSec, waitMs, act: write });
  const flatOut = await run('flat out', { perSec: Number.POSITIVE_INFINITY, waitMs: 0, act: write });
  const hinted = await run('paced with hints', {
    perSec: ratePerSec,
    waitMs,
    act: async (store, count) => {
      const sends = messages(count);
      const outcomes = await store.accept(sends);
      buses[stores.indexOf(store)]!.publish(
        outcomes.flatMap((outcome, index) =>
          outcome.kind === 'accepted'
            ? [{ ...outcome, frame: frameOf(sends[index]!), device: sends[index]!.by.device }]
            : [],
        ),
      );
    },
  });
  const cursors = await run('cursors', {
    perSec: cursorsPerSec,
    waitMs: cursorFlushMs,
    act: (store, count) => store.moveCursors(Array.from({ length: count }, () => cursor(rooms, ++lastId as Seq))),
  });
  const notifyUs = round(hinted.postgresUs - paced.postgresUs);
  console.log(JSON.stringify({ ratePerSec, waitMs, settings, paced, flatOut, hinted, notifyUs, cursors }));
} finally {
  await Promise.all([...buses, ...stores].map((each) => each.close()));
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

// ---

/** Every user has a conversation with each of the next ones in the circle. */
async function createRooms(store: Store): Promise<Room[]> {
  const users: Connected[] = [];
  for (let n = 0; n < userCount; n++) {
    const name = `user${n}` as UserName;
    const user = (await store.createUser({ name, passwordHash: 'x', at: 0 }))!;
    const session = { user, deviceLabel: 'bench', tokenDigest: name, at: 0, expiresAt: 1 };
    await store.createSession(session);
    users.push((await store.beginConnection(name, 0))!);
  }
  const rooms: Room[] = [];
  let clientId = 0;
  for (const [index, by] of users.entries()) {
    for (let step = 1; step <= conversationsPerUser; step++) {
      const peer = users[(index + step) % userCount]!;
      const operation = {
        kind: 'openDirect',
        by,
        clientId: ++clientId as ClientId,
        at: 0,
        with: peer.name,
        keys: null,
      } as const;
      const outcome = await store.change(operation);
      if (outcome.kind === 'accepted') rooms.push({ id: outcome.conversation, members: [by, peer] });
    }
  }
  return rooms;
}

function message(rooms: readonly Room[], clientId: ClientId): Send {
  const room = pick(rooms);
  return { by: pick(room.members), conversation: room.id, clientId, at: Date.now(), epoch: 0, payload };
}

function cursor(rooms: readonly Room[], upTo: Seq): Cursor {
  const room = pick(rooms);
  return { device: pick(room.members).device, conversation: room.id, upTo };
}

function frameOf({ by, conversation, clientId, at, epoch }: Send): string {
  const head = { type: 'message', conversation, seq: 1, at, sender: by.name, device: by.device, clientId };
  return JSON.stringify({ ...head, epoch, payload });
}

/** Each writer acts one batch after the other, as a server does: what came in meanwhile, at least `waitMs` apart. */
async function run(
  name: string,
  { perSec, waitMs, act }: { perSec: number; waitMs: number; act: (store: Store, count: number) => Promise<unknown> },
): Promise<Phase> {
  const latenciesMs: number[] = [];
  const before = { postgres: postgresMicros(), node: nodeMicros(), at: performance.now() };
  const counts = await Promise.all(stores.map((store) => writeUntilEnd(store)));
  const elapsedMs = performance.now() - before.at;
  const done = counts.reduce((sum, count) => sum + count, 0);
  const phase: Phase = {
    perSec: Math.round((1000 * done) / elapsedMs),
    batchSize: round(done / latenciesMs.length),
    postgresUs: round((postgresMicros() - before.postgres) / done),
    nodeUs: round((nodeMicros() - before.node) / done),
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
  console.log(`${name.padEnd(18)} ${JSON.stringify(phase)}`);
  return phase;

  async function writeUntilEnd(store: Store): Promise<number> {
    let count = 0;
    while (performance.now() - before.at < phaseMs) {
      const due = Math.floor(((performance.now() - before.at) * perSec) / 1000 / writers) - count;
      const size = Math.min(due, flatOutBatch * 10);
      if (size > 0) {
        const started = performance.now();
        const next = Number.isFinite(size) && Number.isFinite(perSec) ? size : flatOutBatch;
        await act(store, next);
        latenciesMs.push(performance.now() - started);
        count += next;
      }
      if (Number.isFinite(perSec)) await sleep(Math.max(1, waitMs));
    }
    return count;
  }
}

/** CPU of the postmaster, its living children and those that have ended. */
function postgresMicros(): number {
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(name) : null;
    if (stat === null) continue;
    const [parent, user, system, endedUser, endedSystem] = [1, 11, 12, 13, 14].map((field) => Number(stat[field]));
    const own = Number(name) === postgres.pid;
    if (own || parent === postgres.pid) ticks += user! + system!;
    if (own) ticks += endedUser! + endedSystem!;
  }
  return ticks * tickMicros;
}

/** The fields after the name of the program, which may hold spaces. */
function readStat(pid: string): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function nodeMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!;
}

function quantile(samples: readonly number[], fraction: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return round(sorted[Math.floor(sorted.length * fraction)] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
