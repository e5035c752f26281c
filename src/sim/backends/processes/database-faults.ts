/** Disturbs the PostgreSQL of a local cluster, and proves by measurement that it took effect. */

import type { DatabaseFault, FaultReceipt } from '../../faults/fault.ts';
import { Problem } from '../../problem.ts';
import { answersQuery } from '../answers-query.ts';
import type { FaultWorld } from './faults.ts';
import { readChildren, readStat } from './proc.ts';
import { observe, refusesConnections, waitUntil } from './proof.ts';

type Halt = Extract<DatabaseFault, { kind: 'databaseStop' }>['how'];

export async function stopDatabase({ local, clock }: FaultWorld, how: Halt): Promise<FaultReceipt> {
  const { database } = local;
  const processes = processesOf(database.pid);
  const port = Number(new URL(database.url).port);
  const atMs = clock.now();
  await database.halt(how);
  const left = () => processes.filter((pid) => !isGone(pid)).length;
  const gone = await waitUntil(async () => left() === 0, stopMs);
  const refused = await refusesConnections(port);
  const proof =
    `${left()} of ${processes.length} processes were left ${Math.round(clock.now() - atMs)} ms after the end (${how}), ` +
    `and port ${port} ${refused ? 'refuses connections' : 'still takes connections'}`;
  return { effective: gone && refused, proof, atMs };
}

export async function startDatabase({ local, clock, signal }: FaultWorld): Promise<FaultReceipt> {
  const fromMs = clock.now();
  await local.database.start();
  const answers = await waitUntil(() => answersQuery(local.database.url), readyMs, signal);
  const atMs = clock.now();
  const proof = `PostgreSQL ${answers ? 'answered' : 'did not answer'} a query ${Math.round(atMs - fromMs)} ms after it was started again`;
  return { effective: answers, proof, atMs };
}

export async function pauseDatabase({ local, throttle, clock }: FaultWorld): Promise<FaultReceipt> {
  const postmaster = local.database.pid;
  // First the one that makes the others, so that none is missed.
  for (const pid of processesOf(postmaster).slice(0, 1)) throttle.set({ pid, share: 0 });
  await waitUntil(async () => readStat(postmaster!)?.state === 'T', stopMs);
  const processes = processesOf(postmaster);
  for (const pid of processes) throttle.set({ pid, share: 0 });
  const stand = async () => processes.every((pid) => ['T', undefined].includes(readStat(pid)?.state));
  const stopped = await waitUntil(stand, stopMs);
  const atMs = clock.now();
  const watched = await Promise.all(processes.map((pid) => observe(pid, clock, observeMs)));
  const cpuShare = watched.reduce((sum, one) => sum + one.cpuShare, 0);
  const proof =
    `${processes.length} processes of PostgreSQL ${stopped ? 'are stopped' : 'were not all stopped'} ` +
    `and used ${Math.round(cpuShare * 100)} % of a core`;
  return { effective: stopped && cpuShare < 0.05, proof, atMs };
}

export async function resumeDatabase({ local, throttle, clock, signal }: FaultWorld): Promise<FaultReceipt> {
  for (const pid of processesOf(local.database.pid)) throttle.set({ pid, share: 1 });
  const answers = await waitUntil(() => answersQuery(local.database.url), readyMs, signal);
  const proof = `PostgreSQL ${answers ? 'runs and answers' : 'does not answer'}`;
  return { effective: answers, proof, atMs: clock.now() };
}

// ---

const readyMs = 30_000;
const stopMs = 1000;
const observeMs = 300;

/** One that has ended and was not waited for yet is gone. */
function isGone(pid: number): boolean {
  return ['Z', undefined].includes(readStat(pid)?.state);
}

/** The postmaster and its children. */
function processesOf(postmaster: number | null): readonly number[] {
  if (postmaster === null) throw new Problem('The database is not running.');
  return [postmaster, ...readChildren(postmaster)];
}
