import { createHistoryWriter, createLineWriter, type HistorySink, historyPath } from '../../metrics/index.ts';
import type { LineSinks } from './seconds.ts';

/** Where one crowd writes what it records: files of its own in the folder of the run. */
export interface CrowdFiles extends LineSinks {
  readonly history: HistorySink;
  /** Rejects with one sentence when something could not be written. */
  close(): Promise<void>;
}

/** Throws when the folder cannot be written to. `worker` names the files. */
export function openCrowdFiles(order: {
  readonly directory: string;
  readonly worker: number;
  /** False: nothing is kept of single events. */
  readonly history: boolean;
  /** Hears all lines too. */
  readonly heard?: LineSinks | null;
}): CrowdFiles {
  const { directory, worker, heard = null } = order;
  const histograms = createLineWriter(directory, 'histograms', worker);
  const counts = createLineWriter(directory, 'counts', worker);
  const instrument = createLineWriter(directory, 'instrument', worker);
  const history = order.history ? createHistoryWriter(historyPath(directory, worker)) : null;
  return {
    history: history ?? { add: () => {} },
    histograms(lines) {
      histograms.write(lines);
      heard?.histograms(lines);
    },
    counts(lines) {
      counts.write(lines);
      heard?.counts(lines);
    },
    instrument(lines) {
      instrument.write(lines);
      heard?.instrument(lines);
    },
    async close() {
      await Promise.all([histograms, counts, instrument, history].map((writer) => writer?.close()));
    },
  };
}
