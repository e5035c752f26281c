import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Problem } from '../../../problem.ts';
import type { ClientId, ConversationId, ImageOutcome, Messenger } from '../../shared/messenger.ts';
import { printableJson } from '../../shared/printable.ts';
import { type ChatOptions, chatExit } from '../options.ts';
import { imageFile } from '../pictures/files.ts';
import { follow } from './follow.ts';
import { placeOf, Refused } from './place.ts';

/** Where the words come from and go to. */
export interface Pipes {
  /** Null when nothing is piped in. */
  readonly input: NodeJS.ReadableStream | null;
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  /** Aborts when it is to end. */
  readonly ending: AbortSignal;
}

/** Sends what is piped in and prints what comes, without a screen. Resolves with the exit status. */
export async function runPiped(messenger: Messenger, options: ChatOptions, pipes: Pipes): Promise<number> {
  const { input } = pipes;
  const hindered = new AbortController();
  const ending = AbortSignal.any([pipes.ending, hindered.signal]);
  const off = messenger.on('state', ({ trouble }) => {
    if (trouble !== null) hindered.abort(new Problem(troubles[trouble]));
  });
  messenger.start();
  try {
    const patient = options.follow === true && input === null;
    const within = patient ? untilEnd(ending) : withTimeout(options.timeoutMs ?? timeoutDefaultMs, ending);
    const place = await placeOf(messenger, options, within);
    const following = { place, json: options.json === true, images: options.images ?? null, ...pipes, ending };
    const printing = options.follow ? follow(messenger, following) : null;
    const status = await sendAll(messenger, { place, options, within, pipes: { ...pipes, ending } });
    await printing;
    hindered.signal.throwIfAborted();
    return status;
  } catch (error) {
    // It cannot come to an end, however long one waits.
    hindered.signal.throwIfAborted();
    if (error instanceof Late) {
      pipes.complain('Not answered in time: it is kept here and goes out when this is run again.');
      return chatExit.waiting;
    }
    if (error instanceof Refused) {
      pipes.complain(error.message);
      return chatExit.refused;
    }
    if (ending.aborted && error === ending.reason) return options.follow ? chatExit.done : chatExit.interrupted;
    throw error;
  } finally {
    off();
  }
}

// ---

const timeoutDefaultMs = 30_000;

const troubles = {
  signInAgain: 'The sign-in has ended: run it again with the password; what waits is kept.',
  takenOver: 'Another program uses this device now; what waits is kept.',
  broken: 'The local database cannot be used any more: is the disk full?',
} as const;

class Late extends Error {}

/** How a message or an image ended. */
type Sent = ImageOutcome;

type Within = <T>(work: Promise<T>) => Promise<T>;

interface Sending {
  readonly place: ConversationId | null;
  readonly options: ChatOptions;
  readonly within: Within;
  readonly pipes: Pipes;
}

/** The image, or else what is piped in. */
async function sendAll(messenger: Messenger, { place, options, within, pipes }: Sending): Promise<number> {
  const outcomes: Promise<Sent>[] = [];
  const at = () => {
    if (place !== null) return place;
    throw new Problem('Say to whom: --to NAME, or --group TITLE.');
  };
  if (options.image !== undefined) {
    const { outcome } = messenger.sendImage(at(), await imageFile(options.image), {
      caption: options.caption ?? '',
    });
    outcomes.push(told(messenger, outcome, options, pipes));
  } else if (pipes.input !== null) {
    for await (const message of messagesOf(pipes.input, options, pipes.ending)) {
      const { id, outcome } = messenger.send(at(), message);
      outcomes.push(told(messenger, outcome, options, pipes, id));
    }
  }
  if (outcomes.length === 0 && !options.follow) throw new Problem('There was nothing on standard input to be sent.');
  const settled = await within(Promise.all(outcomes));
  return settled.every(({ kind }) => kind === 'sent') ? chatExit.done : chatExit.refused;
}

/** All of the input, without the line feed at its end; or each of its lines that has something in it. */
async function* messagesOf(
  input: NodeJS.ReadableStream,
  { lines }: ChatOptions,
  ending: AbortSignal,
): AsyncGenerator<string> {
  if (lines) {
    for await (const each of createInterface({ input, signal: ending })) if (each.trim() !== '') yield each;
    return;
  }
  const whole = (await text(input)).replace(/\r?\n$/, '');
  if (whole.trim() !== '') yield whole;
}

/** What was refused is said and put away: nobody would look for it. */
async function told(
  messenger: Messenger,
  outcome: Promise<Sent>,
  { json }: ChatOptions,
  { print, complain }: Pipes,
  id?: ClientId,
): Promise<Sent> {
  const done = await outcome;
  if ('reason' in done) complain(`Not sent: ${done.reason}`);
  if (done.kind === 'failed' && id !== undefined) await messenger.discard(id);
  if (json) print(printableJson({ type: done.kind, ...withTime(done) }));
  return done;
}

function withTime(outcome: Sent): object {
  const { kind: _, ...rest } = outcome;
  return 'at' in rest ? { ...rest, at: new Date(rest.at).toISOString() } : rest;
}

function withTimeout(ms: number, ending: AbortSignal): Within {
  return (work) => {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Late()), ms);
    return Promise.race([untilEnd(ending)(work), promise]).finally(() => clearTimeout(timer));
  };
}

function untilEnd(ending: AbortSignal): Within {
  return (work) => {
    const { promise, reject } = Promise.withResolvers<never>();
    const end = () => reject(ending.reason);
    if (ending.aborted) end();
    else ending.addEventListener('abort', end, { once: true });
    return Promise.race([work, promise]).finally(() => ending.removeEventListener('abort', end));
  };
}
