import { Command } from 'commander';
import { backends } from '../../backends/index.ts';
import { replay } from '../../flows/index.ts';
import { Problem } from '../../problem.ts';
import { exitStatus, interrupted } from '../exit.ts';
import { Interrupted, interruptible } from '../interrupt.ts';
import { parseCount } from '../options.ts';
import { chooseBackend } from '../scenario-options.ts';

export function replayCommand(): Command {
  return new Command('replay')
    .description('Run a recorded flow again, in the world that found it or in another.')
    .argument('<bundle>', 'the bundle.json that a failed search wrote')
    .option(
      '-b, --backend <name>',
      `where to run it: ${Object.keys(backends).join(', ')} (default: where it was found)`,
    )
    .option('--times <n>', 'how often; real machines do not repeat themselves', parseCount('--times'), 1)
    .addHelpText('after', examples)
    .action(async (bundle: string, options: { backend?: string; times: number }) => {
      process.exitCode = await again(bundle, options);
    });
}

// ---

const examples = `
Examples:
  nawaab replay reports/fuzz/20260102T030405-7/bundle.json
  nawaab replay reports/fuzz/20260102T030405-7/bundle.json --backend processes --times 10`;

async function again(bundle: string, options: { backend?: string; times: number }): Promise<number> {
  const backend =
    options.backend === undefined ? undefined : (chooseBackend(options.backend).name as keyof typeof backends);
  try {
    const verdict = await interruptible((signal) =>
      replay(bundle, { times: options.times, signal, ...(backend === undefined ? {} : { backend }) }),
    );
    console.log(verdict.text);
    return exitStatus[verdict.result];
  } catch (error) {
    if (error instanceof Interrupted) return interrupted;
    if (error instanceof SyntaxError)
      throw new Problem(`${bundle} is not a bundle: ${error.message}.`, { cause: error });
    throw error;
  }
}
