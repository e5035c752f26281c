import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { listen } from '../adapters/listen.ts';
import type { Log } from '../ports.ts';
import { Problem } from '../problem.ts';
import { findPrograms, type Programs, postgresMajor } from './postgres-binaries.ts';
import {
  type Ended,
  type Halt,
  type Postmaster,
  runInitdb,
  startPostmaster,
  startWatchdog,
} from './postgres-programs.ts';

export interface EmbeddedPostgresOptions {
  /** Everything lies in here. It may exist when it is empty, or when it is persistent and was made by this function. */
  readonly directory: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Keep the directory after `stop`, to start on it again. */
  readonly persistent: boolean;
  /** Gets the lines of PostgreSQL's own log. */
  readonly log: Log;
  /** Hears of an end that nobody asked for. */
  readonly died?: (end: Ended) => void;
  /** Gives up the start, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Settings of postgresql.conf; they override `embeddedSettings`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** With user, password and database; loopback only. */
  readonly url: string;
  /** The process whose children are all other processes of this PostgreSQL; another one after `start`. */
  readonly pid: number;
  readonly alive: boolean;
  /** Ends the processes and keeps the data. Resolves when none is left. */
  halt(how: Halt): Promise<void>;
  /** After `halt`, or when it died: starts it on the same data, at the same address. Resolves when it takes connections. */
  start(): Promise<void>;
  /** Ends the processes and, unless persistent, removes the directory. Calling it twice is fine. */
  stop(): Promise<void>;
}

/** For one machine that also runs the servers: durable, few surprises from background work, little spent per message. */
export const embeddedSettings: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  wal_buffers: '16MB',
  max_wal_size: '4GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '15min',
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  update_process_title: 'off',
  log_checkpoints: 'off',
  // Errors of statements go to who asked.
  log_min_messages: 'log',
  lc_messages: 'C',
};

/**
 * Starts a PostgreSQL of our own. It ends with this process: a watchdog stops it, and removes what is not to be kept,
 * even after a kill -9. Rejects with a `Problem` when it cannot start, leaving nothing behind.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { persistent, log, died, signal = never } = options;
  const home = homeIn(options.directory);
  await prepareDirectory(home, persistent);
  const watchdog = startWatchdog({ ...home, persistent });
  try {
    signal.throwIfAborted();
    const programs = await findPrograms(home.programs);
    signal.throwIfAborted();
    const password = await initialise(programs, home, signal);
    signal.throwIfAborted();
    const settings = { ...embeddedSettings, ...options.settings };
    const start = (port: number) => startPostmaster(programs, { data: home.data, port, settings, log, died, signal });
    const server = options.port === undefined ? await onFreePort(start) : await start(options.port);
    return controlled(server, {
      url: `postgres://${superuser}:${password}@127.0.0.1:${server.port}/postgres`,
      // The signal was about the first start; a later one ends with `stop`.
      again: () =>
        startPostmaster(programs, { data: home.data, port: server.port, settings, log, died, signal: never }),
      end,
    });
  } catch (error) {
    await end(null);
    signal.throwIfAborted();
    throw error;
  }

  async function end(server: Postmaster | null): Promise<void> {
    await server?.stop(persistent ? 'fast' : 'immediate');
    if (!persistent) await rm(home.directory, { recursive: true, force: true });
    await watchdog.dismiss();
  }
}

// ---

const superuser = 'nawaab';
const never = new AbortController().signal;
const freePortAttempts = 5;

/** One act at a time, whoever asks for them. */
function controlled(
  first: Postmaster,
  { url, again, end }: { url: string; again: () => Promise<Postmaster>; end: (last: Postmaster) => Promise<void> },
): EmbeddedPostgres {
  let server = first;
  let last: Promise<void> = Promise.resolve();
  let ending: Promise<void> | null = null;
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  return {
    url,
    get pid() {
      return server.pid;
    },
    get alive() {
      return server.alive;
    },
    halt: (how) => inTurn(() => server.stop(how)),
    start: () =>
      inTurn(async () => {
        if (ending !== null) throw new Problem('The database was stopped for good and is not started again.');
        if (!server.alive) server = await again();
      }),
    stop: () => {
      ending ??= inTurn(() => end(server));
      return ending;
    },
  };
}

interface Home {
  readonly directory: string;
  readonly data: string;
  /** Where the data directory is made; renamed when it is complete. */
  readonly unfinished: string;
  readonly password: string;
  /** A copy of the programs, where one is needed. */
  readonly programs: string;
}

function homeIn(path: string): Home {
  const directory = resolve(path);
  return {
    directory,
    data: join(directory, 'data'),
    unfinished: join(directory, 'data.unfinished'),
    password: join(directory, 'password'),
    programs: join(directory, 'programs'),
  };
}

async function prepareDirectory(home: Home, persistent: boolean): Promise<void> {
  const found = await mkdir(home.directory, { recursive: true, mode: 0o755 })
    .then(() => readdir(home.directory))
    .catch((error) => {
      throw new Problem(`The database directory ${home.directory} cannot be used: ${error.message}; name another.`, {
        cause: error,
      });
    });
  const ours = persistent && [home.data, home.unfinished, home.password, home.programs].some(existsSync);
  if (found.length > 0 && !ours) {
    throw new Problem(
      `The database directory ${home.directory} is not empty and no database to go on with: name a new or empty one.`,
    );
  }
  if (existsSync(home.data)) await checkMajor(home);
}

async function checkMajor(home: Home): Promise<void> {
  const major = (await readFile(join(home.data, 'PG_VERSION'), 'utf8').catch(() => 'an unknown version')).trim();
  if (major === postgresMajor) return;
  throw new Problem(
    `The database in ${home.directory} was made by PostgreSQL ${major} and this is PostgreSQL ${postgresMajor}: move it over with pg_upgrade, or name another directory.`,
  );
}

/** Makes the data directory if there is none yet; answers the password. */
async function initialise(programs: Programs, home: Home, signal: AbortSignal): Promise<string> {
  if (existsSync(home.data)) return await readFile(home.password, 'utf8');
  const password = randomBytes(18).toString('base64url');
  await writeFile(home.password, password, { mode: 0o600 });
  await rm(home.unfinished, { recursive: true, force: true });
  await runInitdb(programs, { data: home.unfinished, superuser, passwordFile: home.password, signal });
  await rename(home.unfinished, home.data);
  return password;
}

/** Another program may take a free port before PostgreSQL does; then the next one is tried. */
async function onFreePort(start: (port: number) => Promise<Postmaster>): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      const taken = error instanceof Problem && error.message.startsWith('Port ');
      if (!taken || attempt === freePortAttempts) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe, { host: '127.0.0.1', port: 0 });
  await new Promise((closed) => probe.close(closed));
  return port;
}
