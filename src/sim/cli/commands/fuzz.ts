import { Command } from 'commander';
import { backends } from '../../backends/index.ts';
import { type FuzzVerdict, fuzz, maxOperationsDefault } from '../../flows/index.ts';
import { Problem } from '../../problem.ts';
import { exitStatus, interrupted } from '../exit.ts';
import { Interrupted, interruptible } from '../interrupt.ts';
import { drawSeed, parseCount, parseDuration } from '../options.ts';
import { chooseBackend } from '../scenario-options.ts';

interface FuzzOptions {
  readonly runs: number;
  readonly time?: number;
  readonly seed?: number;
  readonly path?: string;
  readonly maxOperations: number;
  readonly backend: string;
  readonly reports: string;
}

export function fuzzCommand(): Command {
  return new Command('fuzz')
    .description('Search for a flow of messages and faults that breaks a promise, and shrink it.')
    .option('--runs <n>', 'flows to try', parseCount('--runs'), 1000)
    .option('--time <time>', 'end the search after this, e.g. 30s', parseDuration)
    .option('-s, --seed <n>', 'makes the search repeatable (default: drawn, and printed)', parseCount('--seed', 0))
    .option('--path <path>', 'only the flow at this path of the seed', parsePath)
    .option('--max-operations <n>', 'longest flow', parseCount('--max-operations'), maxOperationsDefault)
    .option('-b, --backend <name>', `where the flows run: ${Object.keys(backends).join(', ')}`, 'virtual')
    .option('--reports <folder>', 'where the bundle of a failure is written', 'reports')
    .addHelpText('after', examples)
    .action(async (options: FuzzOptions) => {
      process.exitCode = await search(options);
    });
}

// ---

/** As a failed search printed it. */
function parsePath(text: string): string {
  if (/^\d+(:\d+)*$/.test(text)) return text;
  throw new Problem(`--path takes numbers with colons between them, as a failed search prints them, not "${text}".`);
}

const examples = `
Examples:
  nawaab fuzz
  nawaab fuzz --runs 20000 --time 5m
  nawaab fuzz --backend processes --runs 5`;

async function search(options: FuzzOptions): Promise<number> {
  const backend = chooseBackend(options.backend).name as keyof typeof backends;
  const { runs, path, maxOperations, reports } = options;
  const seed = options.seed ?? drawSeed();
  console.log(`${runs} flows on ${backend}, seed ${seed}`);
  const live = process.stdout.isTTY === true;
  try {
    const verdict: FuzzVerdict = await interruptible((signal) =>
      fuzz({
        runs,
        seed,
        backend,
        maxOperations,
        reports,
        signal,
        ...(path === undefined ? {} : { path }),
        ...(options.time === undefined ? {} : { timeMs: options.time }),
        onRun: ({ runs: tried, failing }) => {
          if (live && tried % 20 === 0) process.stdout.write(`\r${tried} flows${failing ? ', shrinking' : ''}`);
        },
      }),
    );
    console.log(`${live ? '\r' : ''}${verdict.text}`);
    return exitStatus[verdict.result];
  } catch (error) {
    if (error instanceof Interrupted) return interrupted;
    throw error;
  }
}
