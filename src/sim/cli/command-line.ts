/** The command line: one file per command in `commands/`. */
import { Command } from 'commander';
import { chatCommand } from './commands/chat.ts';
import { compareCommand } from './commands/compare.ts';
import { doctorCommand } from './commands/doctor.ts';
import { fuzzCommand } from './commands/fuzz.ts';
import { listCommand } from './commands/list.ts';
import { replayCommand } from './commands/replay.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { serveCommand } from './commands/serve.ts';
import { exitStatus } from './exit.ts';
import { explain } from './explain.ts';

/** Carries out what was typed behind `nawaab`; resolves with the exit status when it is done and has said what went wrong. */
export async function commandLine(typed: readonly string[]): Promise<number> {
  process.exitCode = exitStatus.pass;
  try {
    await program().parseAsync(typed, { from: 'user' });
    return Number(process.exitCode);
  } catch (error) {
    const { status, text } = explain(error);
    if (text !== null) console.error(text);
    return status;
  }
}

// ---

function program(): Command {
  const nawaab = new Command('nawaab')
    .description('A chat system and the laboratory that measures it.')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false })
    .addHelpText('after', examples)
    .exitOverride();
  for (const command of [
    runCommand,
    compareCommand,
    fuzzCommand,
    replayCommand,
    listCommand,
    reportCommand,
    serveCommand,
    doctorCommand,
    chatCommand,
  ]) {
    nawaab.addCommand(command().exitOverride());
  }
  return nawaab;
}

const examples = `
Exit status: 0 pass, 1 a threshold or check failed, 2 unknown or invalid run, 3 could not run.

Examples:
  nawaab run steady-chat
  nawaab run server-crash --backend virtual --seed 7
  nawaab compare strategy-comparison --strategies cpu,least-connections --trials 5
  nawaab fuzz --runs 2000
  nawaab report reports/steady-chat/latest
  nawaab list strategies
  nawaab doctor
  nawaab serve --servers 3 --strategy cpu
  nawaab chat`;
