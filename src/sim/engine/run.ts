/** One run, top to bottom: start, ramp, disturb, heal, drain, judge, write. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ComponentSample,
  concludeRun,
  createHistoryWriter,
  createLineWriter,
  type FinishedRun,
  historyPath,
  type Phase,
  type RunDirectory,
  type StartRecord,
} from '../../metrics/index.ts';
import { createSeededRandom, type Log } from '../../system/index.ts';
import type { Backend, Cluster, PartLoss } from '../backends/backend.ts';
import { linksOf } from '../faults/fault.ts';
import { httpLoadOf } from '../http/index.ts';
import { type SignIns, startSignIns } from '../http/sign-ins.ts';
import { Problem } from '../problem.ts';
import type { Scenario } from '../scenario.ts';
import { runTag, userIndexOf } from '../users/names.ts';
import { buildTrace, type Trace, traceHash } from '../users/trace/trace.ts';
import { type Disturbance, startDisturbance } from './disturb.ts';
import { createEarlyEnd } from './early-end.ts';
import type { LoadTotals } from './load.ts';
import { markEncryption, markExpiry, markPhase, withPhase } from './phases.ts';
import { createRecord, type RecordDraft } from './record-draft.ts';
import { startSampler } from './sampler.ts';
import { startLoad } from './start-load.ts';
import { recordStored } from './stored.ts';
import { tellStart, watchRun } from './watch.ts';

export interface RunOrder {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Tells the users of this run from those of others with the same seed on a shared cluster. Default 0. */
  readonly tenant?: number;
  readonly backend: Backend;
  readonly directory: RunDirectory;
  readonly id: string;
  /** The command that runs it again. */
  readonly again: string;
  /** Threads that drive the users; ignored in virtual time. */
  readonly workers: number;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Hears how far the run is, about twice a second. */
  readonly watch: (now: RunProgress) => void;
}

export interface RunProgress {
  readonly phase: Phase['name'] | 'start' | 'judge';
  /** Since the run was asked for, and the planned length of all phases together. */
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly totals: LoadTotals | null;
  readonly faults: readonly string[];
  /** Null until the cluster runs, and where nothing is started. */
  readonly start: StartRecord | null;
}

/**
 * Runs a scenario and judges it. Whatever happens, the cluster is stopped and the folder of the run can be read; when
 * the run could not be finished, it is marked incomplete and the reason is thrown.
 */
export async function runScenario(order: RunOrder): Promise<FinishedRun> {
  const { scenario, seed, backend, directory } = order;
  const trace = buildTrace(scenario, seed);
  const draft = createRecord(order, traceHash(trace));
  directory.writeRecord(draft.record());
  const logDirectory = join(directory.path, 'logs');
  mkdirSync(logDirectory, { recursive: true });
  tellStart(order);
  try {
    const links = linksOf(scenario.faults);
    await backend.run(
      { spec: scenario.cluster, seed, logDirectory, links, log: order.log, signal: order.signal },
      (cluster) => drive(order, trace, cluster, draft),
    );
  } catch (error) {
    draft.abort(error);
    writeIfPossible(directory, draft);
    throw error;
  }
  draft.complete();
  directory.writeRecord(draft.record());
  return concludeRun(directory.path, scenario.thresholds);
}

// ---

/** On a full disk this fails too, and why the run was ended is the better thing to tell. */
function writeIfPossible(directory: RunDirectory, draft: RecordDraft): void {
  try {
    directory.writeRecord(draft.record());
  } catch {}
}

/** The phases against a running cluster. */
async function drive(order: RunOrder, trace: Trace, cluster: Cluster, draft: RecordDraft): Promise<void> {
  const { scenario, directory, log } = order;
  const { clock } = cluster;
  const runStartMs = clock.now();
  const tag = runTag(order.seed, order.tenant);
  draft.servers(cluster.servers);
  if (cluster.start) draft.started(cluster.start);
  const history = createHistoryWriter(historyPath(directory.path, 'laboratory'));
  markExpiry(history, 0, scenario.cluster.server);
  markEncryption(history, 0, scenario.encryption);
  const samples = createLineWriter(directory.path, 'samples', 'cluster');
  const early = createEarlyEnd({ thresholds: scenario.thresholds, clock, runStartMs, record: draft.record });
  const load = startLoad({ order, trace, cluster, runStartMs, heard: early.heard });
  const heardSamples = (lines: readonly ComponentSample[]): void => {
    samples.write(lines);
    early.heard?.samples(lines);
  };
  const sampler = startSampler({ cluster, runStartMs, heard: heardSamples, log });
  let disturbance: Disturbance | null = null;
  let signIns: SignIns | null = null;
  const watcher = watchRun(order, cluster, runStartMs, () => ({
    phase: draft.phase(),
    totals: load.totals(),
    faults: [...(disturbance?.active() ?? []), ...cluster.losses().map(({ part }) => `${part} out of memory`)],
    start: cluster.start,
  }));
  const phase = <T>(name: Phase['name'], work: () => Promise<T>): Promise<T> =>
    withPhase({ name, draft, history, now: () => clock.now() - runStartMs, signal: cluster.signal }, work);

  try {
    await phase('setup', () => load.signUp());
    await phase('ramp', async () => {
      await load.connect();
      await load.openConversations();
    });
    const sendStartMs = clock.now();
    disturbance = startDisturbance({
      cluster,
      plans: scenario.faults,
      runStartMs,
      sendStartMs,
      random: createSeededRandom(order.seed).fork('faults'),
      accepted: () => load.totals().accepted,
      history,
      log,
    });
    signIns = startSignIns({
      scenario,
      tag,
      load: httpLoadOf(cluster, order.seed),
      clock,
      runStartMs,
      directory: directory.path,
      worker: order.workers,
      heard: early.heard,
    });
    if (signIns) draft.note(signIns.about);
    const sending = load.send(sendStartMs);
    await phase('warmup', () => until(cluster, sendStartMs + scenario.warmupMs));
    await phase('measure', async () => {
      const over = Promise.all([sending, until(cluster, sendStartMs + scenario.warmupMs + scenario.measureMs)]);
      const broken = await early.unless(over);
      if (broken) draft.endedEarly(broken);
    });
    draft.faults(await disturbance.finish());
    await phase('drain', async () => {
      if (draft.record().endedEarly) await signIns?.stop();
      await Promise.all([load.drain(scenario.drainMs), signIns?.drain(scenario.drainMs)]);
    });
    // Users who are sent home from here on were there to the end.
    markPhase(history, clock.now() - runStartMs, 'end');
    // In virtual time nothing else would part the mark from the goodbyes, and events of one moment have no order.
    await until(cluster, clock.now() + 1);
    if (scenario.history)
      await recordStored(cluster, {
        actorOf: (name) => userIndexOf(tag, name),
        history,
        runStartMs,
        marker: scenario.encryption === 'none' ? null : tag,
      });
  } catch (error) {
    throw cluster.losses().length === 0 ? error : afterLosses(error, cluster.losses());
  } finally {
    draft.losses(cluster.losses().map(({ atMs, ...loss }) => ({ ...loss, atMs: atMs - runStartMs })));
    watcher();
    draft.faults((await disturbance?.finish()) ?? []);
    await sampler.finish();
    await signIns?.stop();
    await load.stop();
    await samples.close();
    await history.close();
  }
}

/** What users meet after a server was lost is explained by that. */
function afterLosses(error: unknown, losses: readonly PartLoss[]): unknown {
  if (!(error instanceof Problem)) return error;
  return new Problem(`${error.message} Before that, ${losses.map(({ words }) => words).join('\n')}`, { cause: error });
}

function until(cluster: Cluster, atMs: number): Promise<void> {
  return new Promise((resolve) => cluster.clock.after(atMs - cluster.clock.now(), resolve));
}
