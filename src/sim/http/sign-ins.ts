/** Users who sign in while others talk: what they ask, and what is measured of the answers. */
import {
  createLatencyRecorder,
  createLineWriter,
  type HistogramLine,
  type HttpLine,
  type ThresholdWatch,
} from '../../metrics/index.ts';
import type { Cancel, Clock, Ms } from '../../system/index.ts';
import type { Scenario } from '../scenario.ts';
import { userNameOf } from '../users/names.ts';
import { waitUntil } from '../users/schedule.ts';
import { passwordOf } from '../users/sign-up.ts';
import { dueMs, type Exchange, type HttpLoad } from './http-load.ts';

export interface SignIns {
  /** How they are sent, for the reader of a report. */
  readonly about: string;
  /** Waits for the last answer, for `boundMs` at most. */
  drain(boundMs: Ms): Promise<void>;
  /** Sends nothing more, and writes the last of what was measured. */
  stop(): Promise<void>;
}

export interface SignInsOrder {
  readonly scenario: Scenario;
  readonly tag: string;
  readonly load: HttpLoad;
  readonly clock: Clock;
  readonly runStartMs: Ms;
  /** The folder of the run. */
  readonly directory: string;
  /** Names the histograms; the number of no worker of the users. */
  readonly worker: number;
  /** Hears what is measured as it is written; null when nobody does. */
  readonly heard: Pick<ThresholdWatch, 'histograms' | 'http'> | null;
}

/** Begins now and lasts for warm-up and measure. Null when the scenario has none. */
export function startSignIns(order: SignInsOrder): SignIns | null {
  const { scenario, tag, load, clock, runStartMs, directory, worker, heard } = order;
  if (!scenario.signIns) return null;
  const { perSec } = scenario.signIns;
  const seconds = Math.floor((scenario.warmupMs + scenario.measureMs) / 1000);
  const startMs = clock.now() - runStartMs;
  const lines = createLineWriter(directory, 'http', 'sign-ins');
  const histograms = createLineWriter(directory, 'histograms', 'sign-ins');
  const latencies = createLatencyRecorder({ worker });
  let counts = new Map<number, HttpLine>();
  let isDone = false;

  const running = load.start({
    perSec,
    seconds,
    requestOf(index) {
      const name = userNameOf(tag, index % scenario.users);
      const body = JSON.stringify({ name, password: passwordOf(name), device: 'another' });
      return { method: 'POST', path: '/v1/sessions', body };
    },
    answered: note,
  });
  void running.done.then(() => {
    isDone = true;
  });
  for (let index = 0; index < perSec * seconds; index++) lineOf(index, (line) => ({ ...line, due: line.due + 1 }));
  let cancelTick: Cancel = clock.after(tickMs, tick);

  return {
    about: load.about,
    drain: async (boundMs) => void (await waitUntil(clock, boundMs, () => isDone)),
    async stop() {
      cancelTick();
      await running.stop();
      write(latencies.close());
      await Promise.all([lines.close(), histograms.close()]);
    },
  };

  function note({ index, sentMs, answeredMs, status, retryAfter }: Exchange): void {
    lineOf(index, (line) => ({
      ...line,
      answers: { ...line.answers, [status]: (line.answers[status] ?? 0) + 1 },
      retryAfter: line.retryAfter + (retryAfter ? 1 : 0),
    }));
    if (status !== 200) return;
    const intendedMs = startMs + dueMs({ perSec }, index);
    const latencyMs = answeredMs - runStartMs - intendedMs;
    latencies.record({ operation: 'signIn', intendedMs, latencyMs, server: '' });
    latencies.record({ operation: 'signInUncorrected', intendedMs, latencyMs: answeredMs - sentMs, server: '' });
  }

  /** Everything stands in the second in which the request was due. */
  function lineOf(index: number, change: (line: HttpLine) => HttpLine): void {
    const second = Math.floor((startMs + dueMs({ perSec }, index)) / 1000);
    counts.set(second, change(counts.get(second) ?? { second, due: 0, answers: {}, retryAfter: 0 }));
  }

  function tick(): void {
    write(latencies.lines());
    cancelTick = clock.after(tickMs, tick);
  }

  function write(measured: readonly HistogramLine[]): void {
    const counted = [...counts.values()];
    counts = new Map();
    histograms.write(measured);
    lines.write(counted);
    heard?.histograms(measured);
    heard?.http(counted);
  }
}

// ---

const tickMs = 1000;
