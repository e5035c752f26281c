/** Asks the cluster every second what each component did, for the charts and the cost per message. */
import type { ComponentSample } from '../../metrics/index.ts';
import type { Log } from '../../system/index.ts';
import type { Cluster } from '../backends/backend.ts';

export interface Sampler {
  /** Takes a last sample and answers all of them; times are milliseconds since the start of the run. */
  finish(): Promise<readonly ComponentSample[]>;
}

const everyMs = 1000;

export function startSampler(order: {
  readonly cluster: Cluster;
  readonly runStartMs: number;
  /** Hears each sample as it comes. */
  readonly heard: (samples: readonly ComponentSample[]) => void;
  readonly log: Log;
}): Sampler {
  const { cluster, runStartMs, heard, log } = order;
  const all: ComponentSample[] = [];
  let stopped = false;
  let cancel = (): void => undefined;

  const take = async (): Promise<void> => {
    try {
      const samples = (await cluster.sample()).map((sample) => ({ ...sample, tMs: sample.tMs - runStartMs }));
      all.push(...samples);
      heard(samples);
    } catch (error) {
      log.write('warn', 'the cluster could not be sampled', { error: String(error) });
    }
  };
  let last: Promise<void> = take();
  const tick = (): void => {
    last = take().then(() => {
      if (!stopped) cancel = cluster.clock.after(everyMs, tick);
    });
  };
  cancel = cluster.clock.after(everyMs, tick);

  return {
    async finish() {
      stopped = true;
      cancel();
      await last;
      cancel();
      await take();
      return all;
    },
  };
}
