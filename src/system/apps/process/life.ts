import type { Log } from '../../ports.ts';

/** A component that runs and can be told to end. */
export interface Running {
  readonly port: number;
  /** Finishes what was begun and lets go of everything. Called once. */
  stop(): Promise<void>;
}

/** The one line of JSON that a process writes to standard output: that it is ready, or why it cannot run. */
export type Announcement =
  | { readonly kind: 'ready'; readonly name: string; readonly port: number; readonly pid: number }
  | { readonly kind: 'problem'; readonly message: string };

interface LifeOptions {
  readonly name: string;
  readonly log: Log;
  /** With `stdin` the process ends when its standard input does: however the parent died, nothing is left behind. */
  readonly parent: 'stdin' | 'none';
}

/**
 * The life of one process: start, one line on standard output, drain on SIGTERM, SIGINT or SIGHUP and exit with 0. A second
 * signal ends it at once, with 1. A start that fails exits with 3.
 */
export async function live(options: LifeOptions, start: () => Promise<Running>): Promise<void> {
  const ending = endOf(options);
  const ended = aborted(ending.signal);
  try {
    const running = await Promise.race([start(), ended]);
    if (running === undefined) process.exit(0);
    announce({ kind: 'ready', name: options.name, port: running.port, pid: process.pid });
    await ended;
    await running.stop();
    process.exit(0);
  } catch (error) {
    fail(error, options.log);
  }
}

/** Says why the process cannot run, and ends it with 3. */
export function fail(error: unknown, log?: Log): never {
  const message = error instanceof Error ? error.message : String(error);
  const expected = error instanceof Error && error.name === 'Problem';
  log?.write('error', message, expected || !(error instanceof Error) ? {} : { stack: error.stack });
  announce({ kind: 'problem', message });
  process.exit(3);
}

// ---

function announce(announcement: Announcement): void {
  // Written synchronously for pipes and files, so that an exit right behind it loses nothing.
  process.stdout.write(`${JSON.stringify(announcement)}\n`);
}

function endOf({ log, parent }: LifeOptions): AbortController {
  const ending = new AbortController();
  const end = (why: string) => {
    if (ending.signal.aborted) return;
    log.write('info', 'ending', { why });
    ending.abort(new Error(why));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => (ending.signal.aborted ? process.exit(1) : end(signal)));
  }
  process.stdout.on('error', () => {});
  if (parent === 'stdin') watchStdin(() => end('the parent is gone'));
  return ending;
}

function watchStdin(gone: () => void): void {
  for (const event of ['end', 'close', 'error']) process.stdin.on(event, gone);
  process.stdin.resume();
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
