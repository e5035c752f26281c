/** One container of a cluster: where it stands, whether it is wanted, and what it writes. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { constants } from 'node:os';
import { describeEnd, describeExit, type Exit } from '../../../system/node.ts';
import type { Container, Docker } from './engine.ts';

export type PartRole = 'server' | 'balancer' | 'database';

export interface Part {
  readonly name: string;
  readonly role: PartRole;
  readonly container: Container;
  /** Port of the host that leads to it, and the origin there. */
  readonly port: number;
  readonly origin: string;
  readonly logFile: string;
  /** One that ends while it is wanted up has died. */
  wanted: 'up' | 'down';
  /** How often it was started; its counters begin anew each time. */
  lives: number;
}

/** Appends what a container writes from a moment on (wall clock) to its log file; ends with the container's life. */
export async function followLog(docker: Docker, container: Container, logFile: string, sinceMs: number): Promise<void> {
  const stream = await container.logs({ follow: true, stdout: true, stderr: true, since: `${sinceMs / 1000}` });
  const file: WriteStream = createWriteStream(logFile, { flags: 'a' });
  file.on('error', () => {});
  docker.modem.demuxStream(stream, file, file);
  // A stream that breaks with the engine has nothing more to tell.
  for (const event of ['end', 'close', 'error']) stream.on(event, () => file.end());
}

/** How the container's process ended, as an engine tells it: 128 and the signal's number for one that was killed. */
export function exitOf(status: number): Exit {
  const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128)?.[0];
  return signal === undefined ? { code: status, signal: null } : { code: null, signal: signal as NodeJS.Signals };
}

/** For the person whose run was ended by it. */
export async function describePartDeath({ name, container, logFile }: Part, status: number): Promise<string> {
  const state = await container.inspect().catch(() => null);
  const why = state?.State.OOMKilled ? ' because it used all the memory of its quota' : '';
  const who = `${name} (container ${container.id.slice(0, 12)})`;
  return describeEnd({ who, how: `${describeExit(exitOf(status))}${why}`, logFile });
}
