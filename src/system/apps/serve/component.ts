import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Ms } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import type { Announcement } from '../process/life.ts';
import { settingsVariable } from '../process/settings.ts';
import { describeDeath, type Exit } from './death.ts';

export type Role = 'server' | 'balancer';

export interface ComponentOrder {
  readonly name: string;
  readonly role: Role;
  /** What `main.ts` of this role takes, without `name` and `parent`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Standard error is appended here. */
  readonly logFile: string;
}

/** A child process that runs one part of the system and is ready. */
export interface Component {
  readonly name: string;
  readonly role: Role;
  readonly pid: number;
  readonly port: number;
  readonly logFile: string;
  /** Resolves when the process is gone. */
  readonly exited: Promise<Exit>;
  readonly alive: boolean;
  signal(signal: NodeJS.Signals): void;
}

/**
 * Starts a process and waits until it is ready. Rejects with a `Problem` when it cannot run or dies, and with the signal's
 * reason when that comes first; the process is gone then.
 */
export async function startComponent(order: ComponentOrder, signal: AbortSignal): Promise<Component> {
  signal.throwIfAborted();
  const child = launch(order);
  const exited = exitOf(child);
  const failed = exited.then((exit) => {
    throw new Problem(describeDeath({ name: order.name, pid: child.pid ?? 0, exit, logFile: order.logFile }));
  });
  const givenUp = abortOf(signal);
  const late = timeout(readyMs, `${order.name} was not ready within ${readyMs / 1000} s; its log is ${order.logFile}.`);
  try {
    const announcement = await Promise.race([firstLine(child), failed, late.promise, givenUp.promise]);
    if (announcement.kind === 'problem') throw new Problem(announcement.message);
    return componentOf(order, child, { exited, port: announcement.port });
  } catch (error) {
    child.kill('SIGKILL');
    await exited;
    throw error;
  } finally {
    late.cancel();
    givenUp.cancel();
    failed.catch(() => {});
  }
}

/** Asks the process to end by SIGTERM, and kills it when it has not within `graceMs`. Resolves when it is gone. */
export async function endComponent(component: Component, graceMs: Ms): Promise<Exit> {
  component.signal('SIGTERM');
  // A stopped process hears SIGTERM only when it runs again.
  component.signal('SIGCONT');
  const killer = setTimeout(() => component.signal('SIGKILL'), graceMs);
  const exit = await component.exited;
  clearTimeout(killer);
  return exit;
}

// ---

/** A server waits for its database up to half of this. */
const readyMs = 60_000;

/** The entry is `main.ts` in the repository and `main.js` in the published package. */
const entry = join(import.meta.dirname, '..', '..', `main${extname(import.meta.filename)}`);

/** A small young generation halves what a balancer holds for each idle connection (docs/decisions/002). */
export const nodeFlags: Readonly<Record<Role, readonly string[]>> = {
  server: [],
  balancer: ['--max-semi-space-size=4'],
};

/**
 * Its own process group, so that a Ctrl-C in the terminal reaches only the parent, which then ends all in good order;
 * its standard input is a pipe from us that nobody writes to and that closes when we die.
 */
function launch({ name, role, settings, logFile }: ComponentOrder): ChildProcess {
  const log = openLog(logFile);
  try {
    const json = JSON.stringify({ ...settings, name, parent: 'stdin' });
    const child = spawn(process.execPath, [...nodeFlags[role], entry, role], {
      stdio: ['pipe', 'pipe', log],
      env: { ...process.env, [settingsVariable]: json },
      detached: true,
    });
    child.stdin?.on('error', () => {});
    return child;
  } finally {
    closeSync(log);
  }
}

function openLog(logFile: string): number {
  try {
    return openSync(logFile, 'a');
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Problem(`The log ${logFile} cannot be written (${reason}): name another folder or make room.`, { cause });
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error: error.message }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

async function firstLine(child: ChildProcess): Promise<Announcement> {
  const lines = createInterface({ input: child.stdout! });
  const line = await new Promise<string>((resolve) => lines.once('line', resolve));
  return JSON.parse(line) as Announcement;
}

function componentOf(
  order: ComponentOrder,
  child: ChildProcess,
  { exited, port }: { exited: Promise<Exit>; port: number },
): Component {
  return {
    name: order.name,
    role: order.role,
    pid: child.pid!,
    port,
    logFile: order.logFile,
    exited,
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    signal: (signal) => void child.kill(signal),
  };
}

function abortOf(signal: AbortSignal): { promise: Promise<never>; cancel(): void } {
  let give: () => void;
  const promise = new Promise<never>((_, reject) => {
    give = () => reject(signal.reason);
    signal.addEventListener('abort', give, { once: true });
  });
  return { promise, cancel: () => signal.removeEventListener('abort', give) };
}

function timeout(ms: Ms, message: string): { promise: Promise<never>; cancel(): void } {
  let timer: NodeJS.Timeout;
  const promise = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Problem(message)), ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}
