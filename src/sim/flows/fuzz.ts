/** Searches for a flow that breaks a promise, and shrinks the first one it finds. */

import { join } from 'node:path';
import fc from 'fast-check';
import type { BackendName } from '../backends/index.ts';
import { flows } from './arbitrary.ts';
import { type Bundle, writeBundle } from './bundle.ts';
import { describeOperation, type Flow } from './operation.ts';
import { type Defect, type Finding, onGround, type Trial, type TrialGround } from './trial.ts';

export interface FuzzOptions {
  /** Flows to try. */
  readonly runs: number;
  readonly seed: number;
  /** Of an earlier search with this seed: tries that one flow only. */
  readonly path?: string;
  /** Ends the search after this time, also while shrinking; what was found until then is answered. */
  readonly timeMs?: number;
  /** Default `virtual`. On real machines one cluster serves all runs, and nothing is shrunk: a failure is for `replay`. */
  readonly backend?: BackendName;
  /** Longest flow; default 80. */
  readonly maxOperations?: number;
  /** Where the bundle of a failure is written, under `fuzz/`; null: nowhere. Default `reports`. */
  readonly reports?: string | null;
  /** Planted in the virtual world, to see that the search finds it. */
  readonly defect?: Defect;
  /** Counts what these checks find and nothing else; default all. Names as in `Finding`. */
  readonly only?: readonly string[];
  /** Called after each flow, shrinking included. */
  readonly onRun?: (progress: { readonly runs: number; readonly failing: boolean }) => void;
  readonly signal?: AbortSignal;
}

export interface FuzzVerdict {
  /** `unknown`: not one flow was tried to its end. */
  readonly result: 'pass' | 'fail' | 'unknown';
  /** Flows that were tried before shrinking began. */
  readonly runs: number;
  /** How often each check had something to judge, by its name. */
  readonly judged: Readonly<Record<string, number>>;
  readonly failure: FlowFailure | null;
  /** The whole verdict in words, several lines. */
  readonly text: string;
}

export interface FlowFailure {
  readonly flow: Flow;
  readonly findings: readonly Finding[];
  readonly trial: Trial;
  readonly seed: number;
  readonly path: string;
  /** Successful steps of shrinking. */
  readonly shrinks: number;
  readonly bundlePath: string | null;
  /** The command that runs it again. */
  readonly again: string;
}

export const maxOperationsDefault = 80;

export function fuzz(options: FuzzOptions): Promise<FuzzVerdict> {
  const { seed, defect, backend = 'virtual', signal = new AbortController().signal } = options;
  return onGround({ backend, seed, signal, defect }, (ground) => search(ground, options));
}

// ---

async function search(ground: TrialGround, options: FuzzOptions): Promise<FuzzVerdict> {
  const { seed, path, timeMs, onRun, signal, maxOperations = maxOperationsDefault } = options;
  const judged: Record<string, number> = {};
  let tried = 0;
  const failing: { flow: Flow; trial: Trial }[] = [];
  const property = fc.asyncProperty(flows({ maxOperations }), async (flow) => {
    signal?.throwIfAborted();
    const trial = narrowed(await ground.try(flow), options.only);
    // What was found counts, also when the search was told to stop meanwhile.
    signal?.throwIfAborted();
    const broken = trial.findings.length > 0;
    // Each one that fails is simpler than the one before.
    if (broken) failing.push({ flow, trial });
    for (const { check, result } of trial.verdicts)
      judged[check] = (judged[check] ?? 0) + (result === 'unknown' ? 0 : 1);
    onRun?.({ runs: ++tried, failing: broken });
    if (broken) throw new Error(trial.findings.map(({ check, what }) => `${check}: ${what}`).join('\n'));
  });
  const details = await fc.check(property, {
    numRuns: options.runs,
    seed,
    endOnFailure: !ground.worldsDiffer,
    plugins: timeMs === undefined ? [] : [fc.interruptAfterTimeLimit(timeMs)],
    ...(path !== undefined && { path }),
  });
  signal?.throwIfAborted();
  const last = failing.at(-1);
  if (last === undefined) return passed({ runs: details.numRuns, judged, options });
  const failure = await describe(last, { options, details });
  return { result: 'fail', runs: details.numRuns, judged, failure, text: textOf(failure, details.numRuns) };
}

function narrowed(trial: Trial, only: readonly string[] | undefined): Trial {
  if (only === undefined) return trial;
  return { ...trial, findings: trial.findings.filter(({ check }) => only.includes(check)) };
}

function passed(found: { runs: number; judged: Record<string, number>; options: FuzzOptions }): FuzzVerdict {
  const { runs, judged, options } = found;
  const accepted = judged['no-accepted-lost'] ?? 0;
  const result = accepted > 0 ? 'pass' : 'unknown';
  const text = `${runs} flows kept every promise; in ${accepted} of them messages were owed (seed ${options.seed}).`;
  return { result, runs, judged, failure: null, text };
}

async function describe(
  last: { flow: Flow; trial: Trial },
  search: { options: FuzzOptions; details: { counterexamplePath: string | null; numShrinks: number } },
): Promise<FlowFailure> {
  const { flow, trial } = last;
  const { options, details } = search;
  const path = details.counterexamplePath ?? '0';
  const backend = options.backend ?? 'virtual';
  const maxOperations = options.maxOperations ?? maxOperationsDefault;
  const reports = options.reports === undefined ? 'reports' : options.reports;
  const bundle: Bundle = {
    schema: 1,
    kind: 'flow',
    flow,
    seed: options.seed,
    path,
    maxOperations,
    backend,
    findings: [...trial.findings],
    operations: flow.operations.map(describeOperation),
    versions: { node: process.version, 'fast-check': fc.__version },
  };
  const bundlePath = reports === null ? null : join(reports, 'fuzz', `${folderTime()}-${options.seed}`, 'bundle.json');
  if (bundlePath !== null) await writeBundle(bundlePath, bundle);
  return {
    flow,
    findings: trial.findings,
    trial,
    seed: options.seed,
    path,
    shrinks: details.numShrinks,
    bundlePath,
    again:
      bundlePath === null
        ? `nawaab fuzz --seed ${options.seed} --path ${path} --max-operations ${maxOperations}`
        : `nawaab replay ${bundlePath}`,
  };
}

/** `20260301T120000`. */
function folderTime(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
}

function textOf(failure: FlowFailure, runs: number): string {
  const { flow, findings, shrinks, seed, path } = failure;
  return [
    `Flow ${runs} broke a promise; ${shrinks} steps of shrinking left ${flow.operations.length} operations:`,
    ...flow.operations.map((one) => `  ${describeOperation(one)}`),
    ...findings.map(({ check, what }) => `${check}: ${what}`),
    `Seed ${seed}, path ${path}, world ${flow.world}, ${flow.servers} servers. Again: ${failure.again}`,
  ].join('\n');
}
