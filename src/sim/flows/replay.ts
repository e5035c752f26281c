/** Runs a recorded flow again, in the world that found it or in another. */
import type { BackendName } from '../backends/index.ts';
import { readBundle } from './bundle.ts';
import { describeOperation, type Flow } from './operation.ts';
import { onGround, type Trial, type TrialGround } from './trial.ts';

export interface ReplayOptions {
  /** Default: the one that found it. */
  readonly backend?: BackendName;
  /** How often; default 1. Real machines do not repeat themselves. */
  readonly times?: number;
  readonly signal?: AbortSignal;
}

export interface ReplayVerdict {
  /** `fail`: the promise was broken again at least once. */
  readonly result: 'pass' | 'fail';
  readonly flow: Flow;
  readonly times: number;
  readonly broken: number;
  readonly trials: readonly Trial[];
  /** The verdict in words, several lines. */
  readonly text: string;
}

export async function replay(bundlePath: string, options: ReplayOptions = {}): Promise<ReplayVerdict> {
  const bundle = await readBundle(bundlePath);
  const { times = 1, signal = new AbortController().signal } = options;
  const backend = options.backend ?? (bundle.backend as BackendName);
  const trials: Trial[] = [];
  while (trials.length < times) {
    const left = times - trials.length;
    trials.push(
      ...(await onGround({ backend, seed: bundle.flow.world, signal }, (ground) =>
        repeat(ground, { flow: bundle.flow, times: left }),
      )),
    );
  }
  const broken = trials.filter(({ findings }) => findings.length > 0).length;
  const text = textOf({ flow: bundle.flow, name: backend, trials, broken });
  return { result: broken > 0 ? 'fail' : 'pass', flow: bundle.flow, times, broken, trials, text };
}

// ---

/** Ends early after a run that left the cluster in no state for another. */
async function repeat(ground: TrialGround, order: { flow: Flow; times: number }): Promise<Trial[]> {
  const trials: Trial[] = [];
  while (trials.length < order.times) {
    const trial = await ground.try(order.flow);
    trials.push(trial);
    if (trial.run === null || trial.run.stuck.length > 0) break;
  }
  return trials;
}

function textOf(done: { flow: Flow; name: string; trials: readonly Trial[]; broken: number }): string {
  const { flow, name, trials, broken } = done;
  const findings = new Set(trials.flatMap((trial) => trial.findings.map(({ check, what }) => `${check}: ${what}`)));
  return [
    ...flow.operations.map((one) => `  ${describeOperation(one)}`),
    `On ${name}: broken ${broken} of ${trials.length} times.`,
    ...findings,
  ].join('\n');
}
