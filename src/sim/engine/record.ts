/** What is written down about a run besides what happened in it. */

import { createRequire } from 'node:module';
import { cpus, type as osType, release, totalmem } from 'node:os';
import type { RunRecord, StartRecord } from '../../metrics/index.ts';
import { liftedInWords } from '../backends/lifted-limits.ts';
import { relaxationsOf } from '../backends/processes/settings.ts';
import type { Scenario } from '../scenario.ts';

export function machineOf(): RunRecord['machine'] {
  const cores = cpus();
  return {
    cpus: cores.length,
    cpuModel: cores[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    os: `${osType()} ${release()}`,
  };
}

const load = createRequire(import.meta.url);

/** Versions of what bears on the figures. */
export function versionsOf(): Readonly<Record<string, string>> {
  const version = (name: string): string => (load(`${name}/package.json`) as { version: string }).version;
  return {
    nawaab: (load('../../../package.json') as { version: string }).version,
    node: process.versions.node,
    ws: version('ws'),
    pg: version('pg'),
  };
}

/** `<time>-<seed>`: sorts by time. */
export function runId(startedAt: Date, seed: number): string {
  return `${startedAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${seed}`;
}

/** One word for a shell. */
export function quoted(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command that runs it again. `scenario`: a name, or a file; `typed`: options, ready for a shell. */
export function againLine(parts: { command: string; scenario: string; seed: number; typed: string }): string {
  return ['npx nawaab', parts.command, quoted(parts.scenario), `--seed ${parts.seed}`, parts.typed]
    .filter((part) => part !== '')
    .join(' ');
}

/** "The cluster started in 5.8 s; its image was built in 4.1 s before." */
export function startInWords({ tookMs, image }: StartRecord): string {
  const inSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const started = `The cluster started in ${inSeconds(tookMs)}`;
  if (image === null) return `${started}.`;
  const had = image.builtMs === null ? 'was there already' : `was built in ${inSeconds(image.builtMs)} before`;
  return `${started}; its image ${had}.`;
}

const payloadsInWords: Readonly<Record<Scenario['encryption'], string>> = {
  none: 'Payloads are seeded bytes of the stated sizes, sent by bare sessions; nothing is encrypted.',
  modelled: 'Users have messengers; their payloads and key changes have the sizes of MLS, and keep nothing secret.',
  mls: 'Users have messengers, which encrypt by MLS.',
};

/** Settings that differ from those of a production system, for the reader of a report. */
export function notesOf(scenario: Scenario, backend: string): readonly string[] {
  const notes = [payloadsInWords[scenario.encryption]];
  if (backend === 'virtual') {
    notes.push(
      'Virtual time: latencies come from a model of links and service times that is not calibrated; only the checks are facts.',
    );
  } else {
    notes.push(
      ...relaxationsOf(scenario.cluster.server),
      'Generator, balancer, servers and database share one machine.',
    );
  }
  if (backend === 'containers') {
    notes.push(
      'Every part runs in a container of its own; a server may use its cpuShare of one core, and no more memory than its memoryMiB. Users reach the balancers through ports that the container engine forwards.',
    );
  }
  notes.push(liftedInWords(scenario.cluster.server));
  if (!scenario.history) notes.push('No history was recorded: nothing can be said of loss, duplication and order.');
  return notes;
}
