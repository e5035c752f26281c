import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../system/index.ts';
import { createWsTransport } from '../../../system/node.ts';
import { readStat } from './proc.ts';

/** What a process did while it was watched. */
export interface Observation {
  /** Share of the looks at it that did not find it stopped. */
  readonly runShare: number;
  /** CPU used per time; 1 is one core. */
  readonly cpuShare: number;
}

const lookEveryMs = 3;

/** Looks at a process again and again for `forMs`. The looks come at irregular moments, so that no rhythm hides from them. */
export async function observe(pid: number, clock: Clock, forMs: number): Promise<Observation> {
  const fromMs = clock.now();
  const from = readStat(pid);
  let looks = 0;
  let stopped = 0;
  while (clock.now() - fromMs < forMs) {
    looks += 1;
    if (readStat(pid)?.state === 'T') stopped += 1;
    await sleep(1 + Math.random() * 2 * (lookEveryMs - 1));
  }
  const usedMicros = (readStat(pid)?.cpuMicros ?? 0) - (from?.cpuMicros ?? 0);
  return { runShare: 1 - stopped / looks, cpuShare: usedMicros / 1000 / (clock.now() - fromMs) };
}

/** True when nobody takes connections on a port, of this machine if no other is named. */
export function refusesConnections(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

/** Whether a server or balancer is ready; rejects when it does not answer within half a second. */
export async function answersReady(origin: string): Promise<boolean> {
  const answer = await createWsTransport({ origin, requestMs: 500 }).request({
    method: 'GET',
    path: '/readyz',
    body: '',
  });
  return answer.status === 200;
}

/** Asks until the answer is yes, at most for `withinMs` and until the signal; a question that fails counts as no. */
export async function waitUntil(
  question: () => Promise<boolean>,
  withinMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline && !signal?.aborted) {
    if (await question().catch(() => false)) return true;
    await sleep(5);
  }
  return false;
}

/** A share as proofs say it. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
