/** What one arm did over all blocks: its distributions with their band, and how its servers shared the work. */
import { relative } from 'node:path';
import type { ComparisonArm } from '../comparison.ts';
import type { FinishedRun, OperationName, ServerSummary } from '../run.ts';
import { recordOf } from '../series.ts';
import { mean, median, medianBand } from '../statistics.ts';
import type { ArmRun } from './runs.ts';

export function comparisonArm(
  name: string,
  runs: readonly ArmRun[],
  { directory, seed }: { readonly directory: string; readonly seed: number },
): ComparisonArm {
  const usable = runs.map(({ run }) => run).filter(isUsable);
  return {
    name,
    runs: runs.map(({ block, run }) => ({
      block,
      directory: relative(directory, run.directory),
      verdict: run.summary.verdict,
      instrument: run.summary.instrument.state,
    })),
    distribution: recordOf((operation) => bandOf(usable, operation, seed)),
    servers: serverShares(usable),
  };
}

/** A run whose generator was not up to it says nothing of the system; one that was ended early is not as long as the others. */
export function isUsable(run: FinishedRun): boolean {
  return run.summary.instrument.state !== 'INVALID' && run.record.endedEarly === undefined;
}

// ---

type BandPoint = ComparisonArm['distribution'][OperationName][number];

/** At the quantiles that every run can tell. */
function bandOf(runs: readonly FinishedRun[], operation: OperationName, seed: number): BandPoint[] {
  const curves = runs.map((run) => run.distribution[operation]);
  const band = medianBand(runs.length, seed);
  const points = Math.min(...curves.map((curve) => curve.length));
  return (curves[0] ?? []).slice(0, points).map(({ quantile }, i) => {
    const values = curves.map((curve) => curve[i]!.ms);
    const [low, high] = band(values);
    return { quantile, ms: median(values)!, low, high };
  });
}

function serverShares(runs: readonly FinishedRun[]): ComparisonArm['servers'] {
  const names = runs[0]?.summary.servers.map((server) => server.name) ?? [];
  return names.map((name) => {
    const meanShare = (read: (server: ServerSummary) => number) =>
      mean(runs.map((run) => shareOf(run.summary.servers, name, read)));
    const own = runs.flatMap((run) => run.summary.servers.filter((server) => server.name === name));
    return {
      name,
      rateShare: meanShare((server) => server.acceptedPerSec + server.deliveredPerSec),
      sessionShare: meanShare((server) => server.sessions),
      cpuFraction: mean(own.map((server) => server.cpuFraction)),
      cpuShare: meanShare((server) => server.cpuFraction),
    };
  });
}

/** Nothing to share is shared by nobody: 0. */
function shareOf(servers: readonly ServerSummary[], name: string, read: (server: ServerSummary) => number): number {
  const total = servers.reduce((sum, server) => sum + read(server), 0);
  const own = servers.find((server) => server.name === name);
  return total === 0 || !own ? 0 : read(own) / total;
}
