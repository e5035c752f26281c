/** Disturbs the PostgreSQL of a cluster of containers, and proves by measurement that it took effect. */
import { describeExit } from '../../../system/node.ts';
import type { DatabaseFault, FaultReceipt } from '../../faults/fault.ts';
import { answersQuery } from '../answers-query.ts';
import { refusesConnections, waitUntil } from '../processes/proof.ts';
import { type FaultWorld, mustRun, shortId, startAgain } from './faults.ts';
import { exitOf } from './part.ts';

type Halt = Extract<DatabaseFault, { kind: 'databaseStop' }>['how'];

export async function stopDatabase({ parts, clock }: FaultWorld, how: Halt): Promise<FaultReceipt> {
  const { database, engine } = parts;
  const { container, port } = mustRun(database);
  const atMs = clock.now();
  database.wanted = 'down';
  await container.kill({ signal: signals[how] });
  await container.wait();
  const tookMs = Math.round(clock.now() - atMs);
  const { State } = await container.inspect();
  const refused = await refusesConnections(port, engine.host);
  const proof =
    `container ${shortId(database)} ${describeExit(exitOf(State.ExitCode))} ${tookMs} ms after the end (${how}), ` +
    `and port ${port} ${refused ? 'refuses connections' : 'still takes connections'}`;
  return { effective: !State.Running && refused, proof, atMs };
}

export async function startDatabase(world: FaultWorld): Promise<FaultReceipt> {
  const { parts, clock, signal } = world;
  const fromMs = clock.now();
  await startAgain(world, parts.database);
  const answers = await waitUntil(() => answersQuery(parts.databaseUrl), readyMs, signal);
  const atMs = clock.now();
  const proof = `PostgreSQL ${answers ? 'answered' : 'did not answer'} a query ${Math.round(atMs - fromMs)} ms after it was started again`;
  return { effective: answers, proof, atMs };
}

export async function pauseDatabase({ parts, clock }: FaultWorld): Promise<FaultReceipt> {
  const { container } = mustRun(parts.database);
  await container.pause();
  const atMs = clock.now();
  const answers = await answersQuery(parts.databaseUrl).catch(() => false);
  const { State } = await container.inspect();
  const proof =
    `container ${shortId(parts.database)} ${State.Paused ? 'is paused' : 'was not paused'} ` +
    `and ${answers ? 'still answers' : 'answers no query'}`;
  return { effective: State.Paused && !answers, proof, atMs };
}

export async function resumeDatabase({ parts, clock, signal }: FaultWorld): Promise<FaultReceipt> {
  await mustRun(parts.database).container.unpause();
  const answers = await waitUntil(() => answersQuery(parts.databaseUrl), readyMs, signal);
  const proof = `PostgreSQL ${answers ? 'runs and answers' : 'does not answer'}`;
  return { effective: answers, proof, atMs: clock.now() };
}

// ---

const readyMs = 30_000;

/** What PostgreSQL takes for an end in order, and for one at once. */
const signals: Readonly<Record<Halt, NodeJS.Signals>> = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' };
