/** A recorded run in numbers, with the verdict on it. */
import type { Verdict } from './checks/check.ts';
import { cpuUsPerMessage, serverSummaries } from './components.ts';
import { summariseExtra } from './extra-counts.ts';
import { fairnessOf } from './fairness.ts';
import { latencySummary } from './histogram.ts';
import { summariseHttp } from './http.ts';
import { judgeInstrument } from './instrument.ts';
import type { Recording } from './recording.ts';
import type { CountLine, ServerSummary, Summary, ThresholdResult } from './run.ts';
import { foldLatencies, type Latencies, recordOf, sumCounts } from './series.ts';
import { type Tags, taggedRecording, taggedWindow } from './tags.ts';
import type { Tally } from './tally.ts';
import { judgeThreshold, parseThreshold } from './thresholds.ts';
import { reasonsOf } from './verdict.ts';
import { measureWindow, type Window, windowSeconds } from './window.ts';

/** What was found in the history; nothing when none was recorded. */
export interface Judgement {
  readonly verdicts: readonly Verdict[];
  readonly tally: Tally;
}

export const nothingJudged: Judgement = { verdicts: [], tally: { users: 0, unknown: 0 } };

/**
 * The measure phase in numbers. `counts.offered` are the messages due in it and `counts.accepted` those of them that
 * were accepted by the end of the run, so that a rate of acceptance compares like with like. `rates`, `delivered`,
 * `refused` and `disconnects` count what happened in the phase; `lost`, `duplicated`, `reordered` and `unknown` are of
 * the whole run.
 */
export function summarise(
  recording: Recording,
  judgement: Judgement = nothingJudged,
  thresholds: readonly string[] = [],
  latencies: Latencies = foldLatencies(recording.histograms, measureWindow(recording.record)),
): Summary {
  const numbers = numbersOf(recording, judgement, latencies);
  const results = thresholds.map((expression) => {
    const threshold = parseThreshold(expression);
    return judgeThreshold(threshold, narrowed({ recording, judgement, numbers }, threshold.tags));
  });
  return { ...numbers, thresholds: results, ...verdictOf(recording, numbers, results) };
}

/** The numbers alone, without thresholds and verdict; of the measure phase unless another window is given. */
export function numbersOf(
  { record, counts, samples, instrument, http }: Omit<Recording, 'histograms' | 'histories' | 'summary' | 'directory'>,
  judgement: Judgement,
  latencies: Pick<Latencies, 'measured'>,
  window: Window = measureWindow(record),
): Summary {
  const total = sumCounts(counts, window);
  const perSec = (count: number) => (windowSeconds(window) === 0 ? 0 : count / windowSeconds(window));
  const latency = recordOf((operation) => latencySummary(latencies.measured[operation]));
  const servers = serverSummaries(record, samples, window);
  return {
    schema: 1,
    verdict: 'unknown',
    reasons: [],
    instrument: judgeInstrument(instrument, window),
    latency,
    rates: { offered: perSec(total.offered), accepted: perSec(total.accepted), delivered: perSec(total.delivered) },
    counts: {
      users: judgement.tally.users || mostConnected(counts),
      offered: total.offered,
      accepted: latency.accepted.count,
      refused: total.refused,
      unknown: judgement.tally.unknown,
      delivered: total.delivered,
      lost: violations(judgement, 'no-accepted-lost'),
      duplicated: violations(judgement, 'exactly-once'),
      reordered: violations(judgement, 'sender-order'),
      disconnects: total.disconnects,
    },
    http: summariseHttp(http, window),
    extra: summariseExtra(counts, total.extra ?? {}, window),
    servers,
    fairness: fairnessOfServers(servers),
    cpuUsPerMessage: cpuUsPerMessage(samples, window, total.delivered),
    checks: judgement.verdicts,
    thresholds: [],
  };
}

// ---

/** The numbers of what the tags ask about. */
function narrowed(
  whole: { readonly recording: Recording; readonly judgement: Judgement; readonly numbers: Summary },
  tags: Tags,
): Summary {
  if (Object.keys(tags).length === 0) return whole.numbers;
  const recording = taggedRecording(whole.recording, tags);
  const window = taggedWindow(recording.record, tags);
  return numbersOf(recording, whole.judgement, foldLatencies(recording.histograms, window), window);
}

function fairnessOfServers(servers: readonly ServerSummary[]): Summary['fairness'] {
  return {
    rate: fairnessOf(servers.map((server) => server.acceptedPerSec + server.deliveredPerSec)),
    sessions: fairnessOf(servers.map((server) => server.sessions)),
    cpu: fairnessOf(servers.map((server) => server.cpuFraction)),
  };
}

/** Where no history tells how many users there were. */
function mostConnected(counts: readonly CountLine[]): number {
  const bySecond = Map.groupBy(counts, (line) => line.second).values();
  return [...bySecond].reduce(
    (most, lines) =>
      Math.max(
        most,
        lines.reduce((sum, line) => sum + line.connected, 0),
      ),
    0,
  );
}

function violations(judgement: Judgement, check: string): number {
  return judgement.verdicts.find((verdict) => verdict.check === check)?.violations ?? 0;
}

function verdictOf(
  { record }: Recording,
  numbers: Summary,
  thresholds: readonly ThresholdResult[],
): Pick<Summary, 'verdict' | 'reasons'> {
  const reasons = reasonsOf(record, { ...numbers, thresholds });
  return { verdict: reasons[0]?.verdict ?? 'pass', reasons: reasons.map((reason) => reason.words) };
}
