import { resolve } from 'node:path';
import { it } from 'vitest';
import { createRunDirectory, type FinishedRun, isAbstention, type Summary, type Verdict } from '../../metrics/index.ts';
import { type BackendName, backends } from '../backends/index.ts';
import { renderRunFiles } from '../cli/render.ts';
import { againLine, quoted, runId } from '../engine/record.ts';
import { runScenario } from '../engine/run.ts';
import { applyOverrides, loadScenario, type Overrides, parseScenario } from '../load-scenario.ts';
import { Problem } from '../problem.ts';
import type { Scenario, ScenarioInput } from '../scenario.ts';
import type { SharedCluster } from './shared-cluster.ts';

export interface ScenarioTestOptions {
  /** Where it runs. Default `processes`; not needed with `on`. */
  readonly backend?: BackendName;
  /** A cluster that several tests share; the scenario's own `cluster` is not used then. */
  readonly on?: SharedCluster;
  /** Default 1, so that a test is the same every time. */
  readonly seed?: number;
  /** Dotted path in the scenario → value, as `{ measureMs: 5000, 'pace.perSec': 20 }`. */
  readonly overrides?: Overrides;
  /** Folder for the report. Default `reports`. */
  readonly reports?: string;
  /** Default: twice what the phases may take, and two minutes more. */
  readonly timeoutMs?: number;
}

/**
 * Declares one test: it runs the scenario and fails unless the verdict is `pass`, with what was not kept, the command that
 * runs it again and the path of the report. A scenario without thresholds asks for no figures, so that a generator which was
 * too slow for good ones fails no test. `scenario`: the name of a bundled one, the path of a file, or a scenario itself.
 */
export function scenarioTest(scenario: string | ScenarioInput, options: ScenarioTestOptions = {}): void {
  const name = typeof scenario === 'string' ? scenario : scenario.name;
  const tenant = ++tenants;
  it(`${name} keeps its promises`, { timeout: options.timeoutMs ?? timeoutMsDefault }, async ({ signal }) => {
    const run = await runOnce(await resolveScenario(scenario, options), {
      ...options,
      tenant,
      signal,
      again: againOf(scenario, options),
    });
    if (!isKept(run)) throw new Error(failureOf(run));
  });
}

/** Whether a test of this run passes. */
export function isKept({ summary, record }: FinishedRun): boolean {
  if (summary.verdict !== 'unknown' || summary.thresholds.length > 0) return summary.verdict === 'pass';
  return record.complete && record.faults.every(({ effective }) => effective) && unkeptOf(summary).length === 0;
}

// ---

let tenants = 0;
const timeoutMsDefault = 300_000;

async function resolveScenario(
  given: string | ScenarioInput,
  { on, overrides = {} }: ScenarioTestOptions,
): Promise<Scenario> {
  const cluster = on === undefined ? {} : { cluster: on.spec };
  if (typeof given === 'string') return loadScenario(given, { ...cluster, ...overrides });
  const whole = parseScenario(given, given.name);
  return parseScenario(applyOverrides(whole, { ...cluster, ...overrides }), given.name);
}

interface Once extends ScenarioTestOptions {
  readonly tenant: number;
  readonly signal: AbortSignal;
  readonly again: string;
}

async function runOnce(scenario: Scenario, { on, seed = 1, tenant, signal, ...options }: Once): Promise<FinishedRun> {
  const backend = on?.backendFor(tenant) ?? backends[options.backend ?? 'processes'];
  const impossible = scenario.faults.filter(({ kind }) => backend.cannot.has(kind)).map(({ kind }) => kind);
  if (impossible.length > 0) throw new Problem(`The backend ${backend.name} cannot cause ${impossible.join(', ')}.`);
  const id = `${runId(new Date(), seed)}-${tenant}`;
  const run = await runScenario({
    scenario,
    seed,
    tenant,
    backend,
    id,
    directory: createRunDirectory(resolve(options.reports ?? 'reports'), scenario.name, id),
    again: options.again,
    workers: 1,
    log: { write: () => {} },
    signal,
    watch: () => {},
  });
  await renderRunFiles(run);
  return run;
}

function againOf(scenario: string | ScenarioInput, { backend, overrides = {}, seed = 1 }: ScenarioTestOptions): string {
  if (typeof scenario !== 'string') return `npx vitest run -t '${scenario.name} keeps its promises'`;
  const settings = Object.entries(overrides).map(
    ([path, value]) => `--set ${quoted(`${path}=${JSON.stringify(value)}`)}`,
  );
  const typed = [...(backend === undefined ? [] : [`--backend ${backend}`]), ...settings].join(' ');
  return againLine({ command: 'run', scenario, seed, typed });
}

/** One that may abstain and found nothing to judge is none of them. */
function unkeptOf({ checks: verdicts }: Summary): readonly Verdict[] {
  return verdicts.filter((verdict) => verdict.result !== 'pass' && !isAbstention(verdict));
}

function failureOf({ summary, record, directory }: FinishedRun): string {
  const unkept = unkeptOf(summary).map(({ check, summary: said }) => `${check}: ${said}`);
  return [
    `${record.scenario.name} is ${summary.verdict}: ${summary.reasons.join('; ')}`,
    ...unkept,
    `Run it again: ${record.again}`,
    `Report: ${directory}/report.html`,
  ].join('\n');
}
