import { Command } from 'commander';
import { chat } from '../../../system/node.ts';
import { parseDuration } from '../options.ts';

interface Options {
  readonly origin?: string;
  readonly user?: string;
  readonly signUp?: true;
  readonly passwordFile?: string;
  readonly data?: string;
  readonly to?: string;
  readonly group?: string;
  readonly lines?: true;
  readonly image?: string;
  readonly caption?: string;
  readonly images?: string;
  readonly follow?: true;
  readonly json?: true;
  readonly timeout?: number;
}

export function chatCommand(): Command {
  return new Command('chat')
    .description('Chat, end to end encrypted, at a terminal or in pipes.')
    .option('--origin <url>', 'where the system is (default: http://127.0.0.1:8080, as of nawaab serve)')
    .option('--user <name>', 'who you are')
    .option('--sign-up', 'make the user')
    .option('--password-file <file>', 'its first line is the password; or put it into NAWAAB_PASSWORD')
    .option('--data <folder>', 'where your messages are kept (default: $XDG_DATA_HOME/nawaab)')
    .option('--to <name>', 'write to this user')
    .option('--group <title>', 'write to this group')
    .option('--lines', 'each line of standard input is a message; without it, all of it is one')
    .option('--image <file>', 'send this image')
    .option('--caption <text>', 'with --image: what is written below it')
    .option('--follow', 'print what comes, unread messages first')
    .option('--images <folder>', 'with --follow: save images that come')
    .option('--json', 'print JSON, one object in a line')
    .option('--timeout <duration>', 'how long to wait until it is sent (default: 30s)', parseDuration)
    .addHelpText('after', examples)
    .action(async ({ timeout, ...options }: Options) => {
      process.exitCode = await chat({ ...options, ...(timeout === undefined ? {} : { timeoutMs: timeout }) });
    });
}

// ---

const examples = `
Exit status: 0 done, 1 refused, 2 not answered in time (it is kept and goes out the next time), 3 could not run.

Examples:
  nawaab chat
  nawaab chat --user alice --to bob
  echo hello | nawaab chat --user alice --to bob
  nawaab chat --user alice --to bob --image cat.png --caption "Our cat"
  nawaab chat --user bob --to alice --follow
  tail -n 0 -f app.log | nawaab chat --user logger --group Ops --lines
  nawaab chat --user bob --follow --json`;
