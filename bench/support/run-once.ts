/** Runs a scenario on real processes for a bench and answers the finished run. */
import { resolve } from 'node:path';
import { createRunDirectory, type FinishedRun } from '../../src/metrics/index.ts';
import { backends } from '../../src/sim/backends/index.ts';
import { runId } from '../../src/sim/engine/record.ts';
import { runScenario } from '../../src/sim/engine/run.ts';
import { parseScenario } from '../../src/sim/load-scenario.ts';
import type { ScenarioInput } from '../../src/sim/scenario.ts';
import { createLog } from '../../src/system/node.ts';

export async function runOnce(input: ScenarioInput, options: { readonly workers?: number } = {}): Promise<FinishedRun> {
  const scenario = parseScenario(input, input.name);
  const id = runId(new Date(), seed);
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error('interrupted'));
  process.once('SIGINT', stop);
  try {
    return await runScenario({
      scenario,
      seed,
      id,
      backend: backends.processes,
      directory: createRunDirectory(resolve(import.meta.dirname, '../../reports'), scenario.name, id),
      again: `npm run bench -- ${input.name.replace(/^bench-/, '')}`,
      workers: options.workers ?? 1,
      log: createLog({ component: 'bench', level: 'warn' }),
      signal: controller.signal,
      watch: () => undefined,
    });
  } finally {
    process.off('SIGINT', stop);
  }
}

/** Figures of different days are comparable only on the same trace. */
const seed = 1;

/** The last line that every bench prints. */
export function printFigures(figures: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify(figures));
}

/** A number with at most `digits` decimals, for people and for the figures. */
export function rounded(value: number | null, digits = 1): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
