import { type ChildProcess, spawn } from 'node:child_process';
import { chown, mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Log } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { Programs } from './postgres-binaries.ts';

/** How PostgreSQL is ended: `fast` writes a checkpoint first, `immediate` leaves it to a recovery, `kill` is kill -9. */
export type Halt = 'fast' | 'immediate' | 'kill';

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly alive: boolean;
  /** Resolves when no process is left. What a kill leaves behind is removed by the next start on the same data, or the next `stop`. */
  stop(how: Halt): Promise<void>;
}

/**
 * Makes a data directory. UTF-8, and text compared by bytes, which is the fastest. `passwordFile` holds the password of
 * `superuser`; it is handed to the user that the programs run as.
 */
export async function runInitdb(
  programs: Programs,
  options: { data: string; superuser: string; passwordFile: string; signal: AbortSignal },
): Promise<void> {
  const { data, superuser, passwordFile, signal } = options;
  const { uid, gid } = programs.identity;
  await mkdir(data, { mode: 0o700 });
  if (uid !== undefined && gid !== undefined) {
    await chown(data, uid, gid);
    await chown(passwordFile, uid, gid);
  }
  const flags = [
    `--pgdata=${data}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ];
  // Apart from Ctrl-C at the terminal, which would also hit the PostgreSQL that it runs, in the middle of its work.
  const child = spawn(programs.initdb, flags, {
    ...programs.identity,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const tail = keepTail(child);
  const code = await unlessGivenUp(child, { signal, by: 'SIGTERM', until: ended(child) });
  if (code !== 0) throw startProblem('initdb', { code, tail: tail(), data });
}

export interface PostmasterOptions {
  readonly data: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly died?: ((end: Ended) => void) | undefined;
  /** Gives up the start. */
  readonly signal: AbortSignal;
}

/** Exit status, or the name of the signal or the error that ended a process. */
export type Ended = number | string;

/** Resolves when the server takes connections. */
export async function startPostmaster(programs: Programs, options: PostmasterOptions): Promise<Postmaster> {
  const { data, port, settings, log, died, signal } = options;
  const flags = Object.entries({ ...settings, port: `${port}` }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // A session of its own, so that Ctrl-C at the terminal does not end the database before the servers that use it.
  const child = spawn(programs.postgres, ['-D', data, ...flags], {
    ...programs.identity,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const tail = keepTail(child, (line) => log.write(/ (ERROR|FATAL|PANIC): /.test(line) ? 'warn' : 'debug', line));
  const exit = ended(child);
  const ready = new Promise<'ready'>((resolve) => {
    createInterface(child.stderr!).on('line', (line) => {
      if (line.includes('ready to accept connections')) resolve('ready');
    });
  });
  const first = await unlessGivenUp(child, { signal, by: 'SIGINT', until: Promise.race([ready, exit]) });
  if (first !== 'ready') throw startProblem('postgres', { code: first, tail: tail(), data, port });
  letGo(child);
  let stopping = false;
  let crashed = false;
  void exit.then((code) => {
    if (stopping) return;
    crashed = true;
    log.write('error', 'PostgreSQL ended by itself.', { code });
    died?.(code);
  });
  return {
    pid: child.pid!,
    port,
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    stop: async (how) => {
      stopping = true;
      child.ref();
      if (how === 'kill') {
        crashed = true;
        child.kill('SIGKILL');
        await exit;
        return;
      }
      const signals = how === 'fast' ? (['SIGINT', 'SIGQUIT'] as const) : (['SIGQUIT'] as const);
      const inOrder = !crashed && (await stopProcess(child, { exit, signals }));
      if (!inOrder) await freeSharedMemory(programs, data);
    },
  };
}

/**
 * A process that outlives ours: when our end of its pipe closes without a word, it stops the PostgreSQL of the directory
 * and removes what is not to be kept. Started before anything else, so that no moment is unguarded.
 */
export function startWatchdog(options: { directory: string; data: string; persistent: boolean }): {
  dismiss(): Promise<void>;
} {
  const { directory, data, persistent } = options;
  const child = spawn('/bin/sh', ['-c', watchdogScript, 'nawaab-watchdog', data, persistent ? '' : directory], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => {});
  const exit = ended(child);
  letGo(child);
  return {
    dismiss: async () => {
      child.ref();
      child.stdin.end('dismissed\n');
      await exit;
    },
  };
}

// ---

/**
 * The first line of postmaster.pid is the process; the file is gone when PostgreSQL ended in order. Removing is tried
 * again because a half-made database may still be written to.
 */
const watchdogScript = `
read -r word && exit 0
pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
  if [ -n "$2" ]; then kill -QUIT "$pid"; else kill -INT "$pid"; fi
  while kill -0 "$pid" && [ -e "$1/postmaster.pid" ]; do sleep 0.05; done
fi
[ -n "$2" ] || exit 0
for attempt in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$2" && sleep 0.2 && [ ! -e "$2" ] && exit 0; done
`;

const stopPatienceMs = 20_000;
const tailLines = 8;

function ended(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

/** Asks the child to end when the signal comes, and waits on. */
async function unlessGivenUp<T>(
  child: ChildProcess,
  { signal, by, until }: { signal: AbortSignal; by: NodeJS.Signals; until: Promise<T> },
): Promise<T> {
  const end = () => void child.kill(by);
  signal.addEventListener('abort', end);
  try {
    return await until;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Passes the lines of standard error on, and keeps the last ones for when something fails. */
function keepTail(child: ChildProcess, each?: (line: string) => void): () => string {
  const lines: string[] = [];
  createInterface(child.stderr!).on('line', (line) => {
    lines.push(line);
    if (lines.length > tailLines) lines.shift();
    each?.(line);
  });
  return () => lines.join(' / ');
}

/** Lets our process end while the child runs; its watchdog then sees the pipe close. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) if (stream && 'unref' in stream) (stream as { unref(): void }).unref();
}

/** False when it had to be killed. */
async function stopProcess(
  child: ChildProcess,
  options: { exit: Promise<unknown>; signals: readonly NodeJS.Signals[] },
): Promise<boolean> {
  for (const signal of options.signals) {
    child.kill(signal);
    if (await settlesWithin(options.exit, stopPatienceMs)) return true;
  }
  // The whole process group: a PostgreSQL that hangs must not stay behind.
  process.kill(-child.pid!, 'SIGKILL');
  await options.exit;
  return false;
}

/**
 * A PostgreSQL that was killed leaves shared memory in the system for the next one on the same data to find and remove. So
 * a short one is started, in single-user mode, which ends with its empty input. That it may fail changes nothing.
 */
async function freeSharedMemory({ postgres, identity }: Programs, data: string): Promise<void> {
  const flags = ['--single', '-D', data, 'postgres'];
  await ended(spawn(postgres, flags, { ...identity, cwd: '/', stdio: 'ignore', timeout: stopPatienceMs }));
}

async function settlesWithin(event: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const settled = await Promise.race([event.then(() => true), late]);
  clearTimeout(timer);
  return settled;
}

function startProblem(
  program: string,
  end: { code: string | number; tail: string; data: string; port?: number },
): Problem {
  const { code, tail, data, port } = end;
  const known: readonly (readonly [RegExp, string])[] = [
    [
      /Address already in use/,
      `Port ${port} on 127.0.0.1 is in use by another program: choose another port or stop that program.`,
    ],
    [
      /No space left on device/,
      `The disk with the database directory ${data} is full: free some space or name another directory.`,
    ],
    [
      /lock file "postmaster.pid" already exists/,
      `The database in ${data} is in use by another running PostgreSQL: stop that one or name another directory.`,
    ],
    [
      /Permission denied|EACCES/,
      `PostgreSQL has no permission to use ${data} or its own programs (${tail || code}): name a directory that its user can reach (as root for example one below /var/lib), or run as another user.`,
    ],
  ];
  const sentence = known.find(([pattern]) => pattern.test(`${tail} ${code}`))?.[1];
  return new Problem(sentence ?? `The bundled PostgreSQL did not start: ${program} ended with ${code} (${tail}).`);
}
