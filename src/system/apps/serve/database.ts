import { join } from 'node:path';
import { createLog } from '../../adapters/json-log.ts';
import { startEmbeddedPostgres } from '../../database/postgres-embedded.ts';
import type { Halt } from '../../database/postgres-programs.ts';
import type { Ms } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import { given } from '../given.ts';
import type { Death } from './death.ts';
import type { LocalClusterOptions } from './options.ts';

/** Which PostgreSQL the servers share. */
export type DatabaseChoice =
  /** One of our own, in a folder that is kept (`persistent`) or removed at the end. */
  | {
      readonly kind: 'embedded';
      readonly directory: string;
      readonly persistent: boolean;
      /** Settings of postgresql.conf. */
      readonly settings?: Readonly<Record<string, string>>;
    }
  /** One that runs already, and goes on running. */
  | { readonly kind: 'external'; readonly url: string };

export interface Database {
  readonly url: string;
  /** The postmaster; null when the database is down or not ours. */
  readonly pid: number | null;
  /** Ends it and keeps its data; rejects with a `Problem` when it is not ours. */
  halt(how: Halt): Promise<void>;
  /** Starts it on its data and port; resolves when it takes connections. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Its name in logs and reports. */
export const databaseName = 'database';

/** One of our own logs to `database.log`; when it dies by itself, that is told, and mended, as of any other process. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const choice = options.database;
  switch (choice.kind) {
    case 'embedded':
      return openEmbedded(choice, options);
    case 'external':
      checkAddress(choice.url);
      return { url: choice.url, pid: null, halt: notOurs, start: notOurs, stop: async () => {} };
  }
}

// ---

type DatabaseOptions = Pick<LocalClusterOptions, 'database' | 'logDirectory' | 'died' | 'signal' | 'restart' | 'log'>;

const restartAfterMs: Ms = 1000;

async function openEmbedded(
  { directory, persistent, settings }: Extract<DatabaseChoice, { kind: 'embedded' }>,
  { logDirectory, died, signal, restart, log }: DatabaseOptions,
): Promise<Database> {
  const logFile = join(logDirectory, `${databaseName}.log`);
  let stopped = false;
  const database = await startEmbeddedPostgres({
    directory,
    persistent,
    ...given({ settings, signal }),
    log: createLog({ component: databaseName, level: 'debug', destination: logFile }),
    died: (end) => {
      died?.({ name: databaseName, pid: database.pid, exit: exitOf(end), logFile });
      if (restart) startAgain();
    },
  });

  function startAgain(): void {
    const timer = setTimeout(() => {
      if (stopped) return;
      database.start().catch((error: Error) => {
        log.write('error', 'the database could not be started again', { error: error.message });
        startAgain();
      });
    }, restartAfterMs);
    timer.unref();
  }

  return {
    url: database.url,
    get pid() {
      return database.alive ? database.pid : null;
    },
    halt: database.halt,
    start: database.start,
    stop: () => {
      stopped = true;
      return database.stop();
    },
  };
}

async function notOurs(): Promise<never> {
  throw new Problem('The database runs elsewhere and is not ours to stop or start.');
}

function checkAddress(url: string): void {
  const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (['postgres:', 'postgresql:'].includes(protocol)) return;
  // What was given may hold a password and is not repeated.
  const wrong = protocol === '' ? 'is no address' : `begins with ${protocol}//`;
  throw new Problem(`What was given as the database ${wrong}: write postgres://user:password@host:port/name.`);
}

function exitOf(end: number | string): Death['exit'] {
  return typeof end === 'number' ? { code: end, signal: null } : { code: null, signal: end as NodeJS.Signals };
}
