/** Asks the cluster every second what each component did, for the charts and the cost per message. */
import type { ComponentSample } from '../../metrics/index.ts';
import type { Log, VitalsSample } from '../../system/index.ts';
import { createVitals } from '../../system/node.ts';
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
  // In virtual time this process is the whole world, not the generator.
  const vitals = cluster.endpoints.length > 0 ? createVitals() : null;
  let stopped = false;
  let cancel = (): void => undefined;

  const take = async (): Promise<void> => {
    try {
      const own = vitals === null ? [] : [generatorSample(cluster, vitals.sample())];
      const samples = [...(await cluster.sample()), ...own].map((sample) => ({
        ...sample,
        tMs: sample.tMs - runStartMs,
      }));
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

// ---

/** The laboratory itself: this thread and those of the users together. */
function generatorSample(cluster: Cluster, own: VitalsSample): ComponentSample {
  return {
    tMs: cluster.clock.now(),
    name: 'generator',
    role: 'generator',
    cpuFraction: own.cpuFraction,
    cpuMicros: own.cpuMicros,
    rssBytes: own.rssBytes,
    eventLoopP99Ms: own.eventLoopP99Ms,
    sessions: null,
    acceptedPerSec: null,
    deliveredPerSec: null,
    presencePerSec: null,
    inFlight: null,
  };
}
