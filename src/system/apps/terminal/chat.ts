import { Problem } from '../../problem.ts';
import { printableLine, printableText } from '../shared/printable.ts';
import { type ChatOptions, chatExit } from './options.ts';
import { runPiped } from './piped/piped.ts';
import { Interrupted } from './prompt.ts';
import { openSignedIn } from './signing-in.ts';

/**
 * The chat client of the command line: a screen when it is run at a terminal, else (or when asked to follow) lines in and
 * out. Resolves with the exit status of `chatExit`; throws a `Problem` when it could not run.
 */
export async function chat(options: ChatOptions): Promise<number> {
  if (options.caption !== undefined && options.image === undefined)
    throw new Problem('--caption is written below an image: name its file with --image.');
  const isPiped = options.follow || options.json || options.lines || options.image !== undefined;
  const hasScreen = process.stdin.isTTY && process.stdout.isTTY && !isPiped;
  if (hasScreen && process.env.TERM === 'dumb')
    throw new Problem(
      'This terminal (TERM=dumb) has no screen to draw on; use --follow, or pipe in what is to be sent.',
    );
  try {
    const messenger = await openSignedIn(options);
    try {
      return hasScreen ? await atScreen(messenger, options) : await inPipes(messenger, options);
    } finally {
      await messenger.close();
    }
  } catch (error) {
    if (error instanceof Interrupted) return chatExit.interrupted;
    throw error;
  }
}

// ---

type Opened = Awaited<ReturnType<typeof openSignedIn>>;

async function atScreen(messenger: Opened, options: ChatOptions): Promise<number> {
  // Before React is loaded: what it checks for developers costs time.
  process.env.NODE_ENV ??= 'production';
  const { runScreen } = await import('./screen/run.ts');
  return runScreen(messenger, options);
}

async function inPipes(messenger: Opened, options: ChatOptions): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const controller = new AbortController();
  const end = () => controller.abort(new Error('ended'));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, end);
  // Who read along has gone, as in `nawaab chat --follow | head -1`.
  stdout.on('error', end);
  try {
    return await runPiped(messenger, options, {
      input: stdin.isTTY ? null : stdin,
      // It is harmless already; here is who makes sure.
      print: (line) => void stdout.write(`${printableText(line)}\n`),
      complain: (line) => void stderr.write(`nawaab: ${printableLine(line)}\n`),
      ending: controller.signal,
    });
  } finally {
    for (const name of signals) process.off(name, end);
    stdout.off('error', end);
    stdin.unref?.();
  }
}
