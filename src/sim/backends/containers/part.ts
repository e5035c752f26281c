/** One container of a cluster: where it stands, whether it is wanted, and what it writes. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { constants } from 'node:os';
import { describeEnd, describeExit, type Exit } from '../../../system/node.ts';
import { type Death, wasOutOfMemory } from './deaths.ts';
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
  /** Of its quota; null: not limited. */
  readonly memoryBytes: number | null;
  /** One that ends while it is wanted up has died. */
  wanted: 'up' | 'down';
  /** How often it was started; its counters begin anew each time. */
  lives: number;
}

/**
 * Appends what a container writes from a moment on (wall clock) to its log file; ends with the container's life. Resolves
 * when that has begun, with what resolves when it has ended.
 */
export async function followLog(
  docker: Docker,
  container: Container,
  logFile: string,
  sinceMs: number,
): Promise<{ readonly ended: Promise<void> }> {
  const stream = await container.logs({ follow: true, stdout: true, stderr: true, since: `${sinceMs / 1000}` });
  const file: WriteStream = createWriteStream(logFile, { flags: 'a' });
  file.on('error', () => {});
  docker.modem.demuxStream(stream, file, file);
  // A stream that breaks with the engine has nothing more to tell.
  for (const event of ['end', 'close', 'error']) stream.on(event, () => file.end());
  return { ended: new Promise((resolve) => file.once('close', resolve)) };
}

/** How the container's process ended, as an engine tells it: 128 and the signal's number for one that was killed. */
export function exitOf(status: number): Exit {
  const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128)?.[0];
  return signal === undefined ? { code: status, signal: null } : { code: null, signal: signal as NodeJS.Signals };
}

export interface PartDeath {
  /** Whether it used up the memory that the scenario gave it. */
  readonly outOfMemory: boolean;
  /** For the person whose run it was: which, how, what helps and where to look. */
  readonly words: string;
}

export async function explainDeath(part: Part, death: Death): Promise<PartDeath> {
  const { name, container, logFile, memoryBytes } = part;
  const outOfMemory = memoryBytes !== null && (await wasOutOfMemory(container, death));
  const who = `${name} (container ${container.id.slice(0, 12)})`;
  const how = describeDeath(memoryBytes, { ...death, outOfMemory });
  return { outOfMemory, words: describeEnd({ who, how, logFile }) };
}

/** "exited with status 1", "was killed: out of memory (quota 64 MiB): …". */
export function describeDeath(memoryBytes: number | null, { status, outOfMemory }: Death): string {
  if (memoryBytes === null || !outOfMemory) return describeExit(exitOf(status));
  return `was killed: out of memory (quota ${memoryBytes / 1024 ** 2} MiB): give it a larger memoryMiB, or less to hold`;
}
