import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Announcement } from '../../../src/system/apps/process/life.ts';
import { freePorts } from '../../../src/system/apps/serve/ports.ts';
import { serversFound } from '../../../src/system/apps/serve/readiness.ts';
import type { EmbeddedPostgres } from '../../../src/system/database/postgres-embedded.ts';
import { startPassingPostgres } from '../postgres.ts';
import { type RoughWire, startRoughWire, throughWire } from '../rough-wire.ts';
import type { FaultOrder } from './points.ts';

/** Real processes: a PostgreSQL, servers that can be stopped at a point, each on a wire of its own to it, a balancer. */
export interface CrashCluster {
  readonly database: EmbeddedPostgres;
  readonly servers: readonly CrashServer[];
  readonly balancer: CrashProcess;
  /** Where clients go. */
  readonly origin: string;
  stop(): Promise<void>;
}

export interface CrashProcess {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves with the exit status or the signal when the process that runs now is gone. */
  readonly exited: Promise<number | string>;
  readonly alive: boolean;
  signal(signal: NodeJS.Signals): void;
  /** Starts it on its old port; resolves when it is ready. */
  start(): Promise<void>;
}

export interface CrashServer {
  readonly process: CrashProcess;
  /** Its way to the database. */
  readonly wire: RoughWire;
  /** Resolves when the server knows. */
  arm(order: FaultOrder): Promise<void>;
}

/** Everything that waits in production waits here too, only not as long. */
const settings = {
  heartbeatMs: 500,
  batchWaitMs: 1,
  ackFlushMs: 20,
  backstopMs: 150,
  recheckMs: 300,
  retryMs: 50,
  drainMs: 1000,
  slowReaderMs: 2000,
  signInPerMinutePerName: 1000,
  signInPerMinutePerAddress: 100_000,
};
export const databaseBounds = { connectMs: 300, statementMs: 700, closeMs: 300 };
const probeMs = 100;

export async function startCrashCluster(serverCount = 2): Promise<CrashCluster> {
  const postgres = await startPassingPostgres();
  const database = postgres.server;
  const [balancerPort, ...ports] = await freePorts(serverCount + 1, host);
  const servers = await Promise.all(ports.map((port, index) => crashServer(`s${index + 1}`, port, database.url)));
  const balancer = crashProcess({
    name: 'b1',
    port: balancerPort!,
    command: [entry('../../../src/system/main.ts'), 'balancer'],
    settings: {
      strategy: 'round-robin',
      probeMs,
      servers: ports.map((port, index) => ({ id: `s${index + 1}`, host, port })),
    },
  });
  const origin = `http://${host}:${balancerPort}`;
  const all = [...servers.map((server) => server.process), balancer];
  const stop = async () => {
    for (const one of all) if (one.alive) one.signal('SIGKILL');
    await Promise.all(all.map(({ exited }) => exited));
    await Promise.all(servers.map(({ wire }) => wire.close()));
    await postgres.stop();
  };
  try {
    await Promise.all(all.map((one) => one.start()));
    await serversFound({ name: balancer.name, origin });
  } catch (error) {
    await stop();
    throw error;
  }
  return { database, servers, balancer, origin, stop };
}

/** A server that was not started yet; close its wire at the end. */
export async function crashServer(name: string, port: number, url: string): Promise<CrashServer> {
  const wire = await startRoughWire({ port: Number(new URL(url).port) });
  const process = crashProcess({
    name,
    port,
    command: [entry('server-main.ts')],
    settings: { database: throughWire(url, wire), databaseBounds, hashCost: { memoryKiB: 8, passes: 1 }, settings },
  });
  return {
    process,
    wire,
    async arm(order) {
      const known = once(process.child!, 'message');
      process.child!.send(order);
      await known;
    },
  };
}

// ---

const host = '127.0.0.1';

function entry(path: string): string {
  return join(import.meta.dirname, path);
}

interface ProcessOrder {
  readonly name: string;
  readonly port: number;
  readonly command: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
}

function crashProcess(order: ProcessOrder): CrashProcess & { readonly child: ChildProcess | null } {
  const { name, port, command } = order;
  const text = JSON.stringify({ ...order.settings, name, host, port, parent: 'stdin', logLevel: 'error' });
  let child: ChildProcess | null = null;
  let exited: Promise<number | string> = Promise.resolve('never started');
  return {
    name,
    port,
    get child() {
      return child;
    },
    get pid() {
      return child!.pid!;
    },
    get exited() {
      return exited;
    },
    get alive() {
      return child !== null && child.exitCode === null && child.signalCode === null;
    },
    signal: (signal) => void child?.kill(signal),
    async start() {
      const started = spawn(process.execPath, [...command, text], { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });
      child = started;
      exited = once(started, 'exit').then(([code, signal]) => code ?? signal);
      const ended = exited.then((how) => Promise.reject(new Error(`${name} ended with ${how} before it was ready.`)));
      ended.catch(() => {});
      const first = once(createInterface({ input: started.stdout! }), 'line').then(([line]) => JSON.parse(line));
      const announcement: Announcement = await Promise.race([first, ended]);
      if (announcement.kind === 'problem') throw new Error(announcement.message);
    },
  };
}
