/** Real processes for a bench that drives its own users. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../src/sim/backends/backend.ts';
import { backends } from '../../src/sim/backends/index.ts';
import { clusterSpec } from '../../src/sim/scenario.ts';
import { type ClientSession, createSession, type SessionHandlers, signIn, signUp } from '../../src/system/index.ts';
import { createLog, createSystemRandom } from '../../src/system/node.ts';

const log = createLog({ component: 'bench', level: 'warn' });

/** Runs `measure` on a cluster of three servers and removes it, also after Ctrl-C. */
export async function onCluster<T>(
  spec: Parameters<typeof clusterSpec.parse>[0],
  measure: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const logDirectory = mkdtempSync(join(tmpdir(), 'nawaab-bench-'));
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new Error('interrupted')));
  const order = { spec: clusterSpec.parse(spec), seed: 1, logDirectory, log, signal: controller.signal };
  try {
    return await backends.processes.run(order, measure);
  } finally {
    rmSync(logDirectory, { recursive: true, force: true });
  }
}

export interface BenchUser {
  readonly session: ClientSession;
  /** Laid over the handlers that are there. */
  handle(handlers: SessionHandlers): void;
}

/** A user with a token. */
export async function signedUp(cluster: Cluster, name: string) {
  const transport = cluster.connect(0, createSystemRandom());
  const made = await signUp(transport, { name, password });
  const signedIn = await signIn(transport, { name, password, device: 'bench' });
  if (made.kind !== 'ok' || signedIn.kind !== 'ok') throw new Error(`${name} could not sign up.`);
  return { ...signedIn.value, transport };
}

/** A user with a session that was not started. */
export async function joinAs(cluster: Cluster, name: string): Promise<BenchUser> {
  const { token, device, transport } = await signedUp(cluster, name);
  const handlers: SessionHandlers = {};
  const session = createSession(
    { clock: cluster.clock, random: createSystemRandom(), log, transport },
    { token, device, backoffBaseMs: 100, backoffMaxMs: 1000, ackDelayMs: 100 },
    handlers,
  );
  return { session, handle: (more) => Object.assign(handlers, more) };
}

// ---

const password = 'a password for the bench';
