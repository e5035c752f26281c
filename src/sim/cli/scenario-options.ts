/** The options that `run` and `compare` share: which scenario, with what changed, where it runs and where it writes. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { parseThreshold } from '../../metrics/index.ts';
import { parseServerSettings, strategies } from '../../system/index.ts';
import type { Backend } from '../backends/backend.ts';
import { backends } from '../backends/index.ts';
import { splitSettings } from '../backends/processes/settings.ts';
import { quoted } from '../engine/record.ts';
import { targetOf } from '../faults/fault.ts';
import { loadScenario, type Overrides, parseAssignment } from '../load-scenario.ts';
import { Problem, unknownName } from '../problem.ts';
import type { Scenario } from '../scenario.ts';
import { collect, drawSeed, parseCount, parseDuration } from './options.ts';

export interface ScenarioOptions {
  readonly backend: string;
  readonly seed?: number;
  readonly users?: number;
  readonly duration?: number;
  readonly set: readonly string[];
  readonly reports: string;
  readonly workers: number;
  readonly headless?: boolean;
}

export function addScenarioOptions(command: Command): Command {
  return command
    .option('-b, --backend <name>', `where it runs: ${Object.keys(backends).join(', ')}`, 'processes')
    .option('-s, --seed <n>', 'makes the run repeatable (default: drawn, and printed)', parseCount('--seed', 0))
    .option('-u, --users <n>', 'how many users', parseCount('--users'))
    .option('-d, --duration <time>', 'length of the measure phase, e.g. 30s or 2m', parseDuration)
    .option('--set <path=value>', 'change any field of the scenario; may be repeated', collect, [])
    .option('--workers <n>', 'threads that drive the users', parseCount('--workers'), 1)
    .option('--reports <folder>', 'where runs are written', 'reports')
    .option('--headless', 'no live line, only plain lines');
}

/** What was asked for, checked: nothing is started before all of it is known to be possible. */
export interface Resolved {
  /** As typed: the name or the file of the scenario. */
  readonly asked: string;
  readonly scenario: Scenario;
  readonly backend: Backend;
  readonly seed: number;
  readonly reportsRoot: string;
  /** Options as typed, without the command and the seed, for the line that runs it again. */
  readonly typed: string;
}

export async function resolveScenario(
  name: string,
  options: ScenarioOptions,
  extra: Overrides = {},
): Promise<Resolved> {
  const backend = chooseBackend(options.backend);
  const overrides: Overrides = {
    ...(options.users === undefined ? {} : { users: options.users }),
    ...(options.duration === undefined ? {} : { measureMs: options.duration }),
    ...Object.fromEntries(options.set.map(parseAssignment)),
    ...extra,
  };
  const scenario = await loadScenario(name, overrides);
  checkStrategy(scenario.cluster.strategy);
  checkValues(scenario);
  refuseImpossible(scenario, backend);
  return {
    asked: name,
    scenario,
    backend,
    seed: options.seed ?? drawSeed(),
    reportsRoot: resolve(options.reports),
    typed: typedOptions(options),
  };
}

export function checkStrategy(name: string): void {
  if (!Object.hasOwn(strategies, name)) throw unknownName('strategy', name, Object.keys(strategies));
}

export function chooseBackend(name: string): Backend {
  if (!Object.hasOwn(backends, name)) throw unknownName('backend', name, Object.keys(backends));
  return backends[name as keyof typeof backends];
}

// ---

/** What the schema of a scenario leaves to others: the system knows its own settings, the metrics their own names. */
function checkValues({ cluster, thresholds }: Scenario): void {
  try {
    parseServerSettings(splitSettings(cluster.server).serverSettings);
    for (const threshold of thresholds) parseThreshold(threshold);
  } catch (error) {
    throw new Problem((error as Error).message, { cause: error });
  }
  const servers = serverNames(cluster);
  for (const threshold of thresholds) {
    const { server } = parseThreshold(threshold).tags;
    if (server !== undefined && !servers.includes(server)) {
      throw unknownName(`server (threshold "${threshold}")`, server, servers);
    }
  }
}

function serverNames(cluster: Scenario['cluster']): readonly string[] {
  return cluster.servers.map((_, index) => `s${index + 1}`);
}

function refuseImpossible(scenario: Scenario, backend: Backend): void {
  const impossible = scenario.faults.filter((fault) => backend.cannot.has(fault.kind)).map((fault) => fault.kind);
  if (impossible.length > 0) {
    const able = Object.values(backends).filter((other) =>
      scenario.faults.every((fault) => !other.cannot.has(fault.kind)),
    );
    throw new Problem(
      `The backend ${backend.name} cannot cause ${impossible.join(', ')}, which ${scenario.name} needs. Able: ${able.map((one) => one.name).join(', ') || 'none'}.`,
    );
  }
  const quotas = quotasIn(scenario.cluster);
  if (!backend.hasQuotas && quotas.length > 0) {
    const able = Object.values(backends).filter(({ hasQuotas }) => hasQuotas);
    throw new Problem(
      `The backend ${backend.name} cannot hold a server to ${quotas.join(' and ')}, which ${scenario.name} sets. Able: ${able.map((one) => one.name).join(', ')}.`,
    );
  }
  for (const fault of scenario.faults) refuseUnknownTarget(fault, scenario.cluster);
}

function quotasIn({ servers, cores }: Scenario['cluster']): readonly string[] {
  const memory = servers.some(({ memoryMiB }) => memoryMiB !== undefined);
  return [...(memory ? ['memoryMiB'] : []), ...(cores === undefined ? [] : ['cores'])];
}

function refuseUnknownTarget(fault: Scenario['faults'][number], cluster: Scenario['cluster']): void {
  if ('link' in fault) {
    refuseUnknownLink(fault.link, cluster);
    return;
  }
  const known =
    'server' in fault ? serverNames(cluster) : Array.from({ length: cluster.balancers }, (_, index) => `b${index + 1}`);
  const target = targetOf(fault);
  if (['any', 'database', ...known].includes(target)) return;
  throw unknownName('server' in fault ? 'server' : 'balancer', target, ['any', ...known]);
}

function refuseUnknownLink(link: string, cluster: Scenario['cluster']): void {
  const servers = serverNames(cluster);
  const balancers = Array.from({ length: cluster.balancers }, (_, index) => `b${index + 1}`);
  const known = [
    ...balancers.flatMap((balancer) => servers.map((server) => `${balancer}-${server}`)),
    ...servers.map((server) => `${server}-database`),
  ];
  if (!known.includes(link)) throw unknownName('link', link, known);
}

function typedOptions(options: ScenarioOptions): string {
  return [
    options.backend === 'processes' ? '' : `--backend ${options.backend}`,
    options.users === undefined ? '' : `--users ${options.users}`,
    options.duration === undefined ? '' : `--duration ${options.duration}ms`,
    ...options.set.map((assignment) => `--set ${quoted(assignment)}`),
    options.workers === 1 ? '' : `--workers ${options.workers}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
