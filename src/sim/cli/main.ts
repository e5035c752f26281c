#!/usr/bin/env node
/** The command line: one file per command in `commands/`, loaded when it is asked for. */
import { Command, CommanderError } from 'commander';
import { Problem } from '../problem.ts';
import { compareCommand } from './commands/compare.ts';
import { fuzzCommand } from './commands/fuzz.ts';
import { listCommand } from './commands/list.ts';
import { replayCommand } from './commands/replay.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { serveCommand } from './commands/serve.ts';
import { exitStatus } from './exit.ts';

const program: Command = new Command('nawaab')
  .description('A chat system and the laboratory that measures it.')
  .showSuggestionAfterError()
  .configureHelp({ sortSubcommands: false })
  .addHelpText('after', examples())
  .exitOverride();

for (const command of [
  runCommand,
  compareCommand,
  fuzzCommand,
  replayCommand,
  listCommand,
  reportCommand,
  serveCommand,
]) {
  program.addCommand(command().exitOverride());
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

// ---

/** Says what went wrong in one sentence when a person can mend it, with the stack when it is a defect of ours. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.pass : exitStatus.couldNotRun;
  if (error instanceof Problem || (error instanceof Error && error.name === 'Problem')) {
    console.error(`nawaab: ${error.message}`);
    return exitStatus.couldNotRun;
  }
  console.error('nawaab: this is a defect of nawaab; please report it with these lines:');
  console.error(error);
  return exitStatus.couldNotRun;
}

function examples(): string {
  return `
Exit status: 0 pass, 1 a threshold or check failed, 2 unknown or invalid run, 3 could not run.

Examples:
  nawaab run steady-chat
  nawaab run server-crash --backend virtual --seed 7
  nawaab compare strategy-comparison --strategies cpu,least-connections --trials 5
  nawaab fuzz --runs 2000
  nawaab report reports/steady-chat/latest
  nawaab list strategies
  nawaab serve --servers 3 --strategy cpu`;
}
