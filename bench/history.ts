/**
 * What recording the history costs the generator: the same 2,000 messages a second with and without it, in turn. Prints the generator's CPU per
 * message of both and their ratio, medians of the rounds. Options: `--rate N` (2000), `--seconds N` (6), `--rounds N` (3).
 */
import { parseArgs } from 'node:util';
import { printFigures, rounded, runOnce } from './support/run-once.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
  },
});

const withHistory: number[] = [];
const without: number[] = [];
const ratios: number[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  // Which comes first alternates, so that a machine that slows down meanwhile favours neither.
  const firstWith = round % 2 === 0;
  const first = await generatorCpu(firstWith);
  const second = await generatorCpu(!firstWith);
  const [recorded, plain] = firstWith ? [first, second] : [second, first];
  withHistory.push(recorded);
  without.push(plain);
  ratios.push(recorded / plain);
  console.log(`round ${round + 1}: ${rounded(recorded)} µs with, ${rounded(plain)} µs without`);
}
printFigures({
  generatorCpuUsPerMessage: rounded(median(withHistory)),
  withoutHistory: rounded(median(without)),
  ratio: rounded(median(ratios), 3),
});

// ---

async function generatorCpu(history: boolean): Promise<number> {
  const { summary } = await runOnce({
    name: 'bench-history',
    description: `${values.rate} direct messages a second, ${history ? 'recorded' : 'not recorded'}.`,
    users: 1000,
    topology: { kind: 'pairs' },
    pace: { kind: 'constant', perSec: Number(values.rate) },
    rampMs: 1000,
    warmupMs: 3000,
    measureMs: Number(values.seconds) * 1000,
    history,
  });
  return summary.cpuUsPerMessage.generator ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
