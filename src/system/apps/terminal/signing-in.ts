import { existsSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { openMessenger } from '../../adapters/node-messenger.ts';
import { createWsTransport } from '../../adapters/ws-transport.ts';
import type { AccountOutcome } from '../../client/ask.ts';
import { Problem } from '../../problem.ts';
import { errors } from '../../protocol/errors.ts';
import { routes } from '../../protocol/http.ts';
import { limits } from '../../protocol/limits.ts';
import type { Messenger } from '../shared/messenger.ts';
import type { Accounts } from './accounts.ts';
import { openAccounts } from './accounts.ts';
import type { ChatOptions } from './options.ts';
import { noTerminal, openPrompt, type Prompt } from './prompt.ts';

/**
 * Opens the messenger of the user that is meant and signs in, with questions where there is a terminal. Throws a `Problem`
 * that says what is missing otherwise. It is not started.
 */
export async function openSignedIn(options: ChatOptions): Promise<Messenger> {
  const accounts = openAccounts(options);
  let opened: Prompt | null | undefined;
  const prompt = () => {
    opened ??= openPrompt();
    return opened;
  };
  try {
    const name = options.user ?? (await chooseUser(accounts, prompt));
    const path = accounts.fileOf(name);
    const isNewFile = !existsSync(path);
    const messenger = await openMessenger({ path, origin: accounts.origin, label: 'terminal' });
    const forget = () => {
      // Else a name that was mistyped would be taken for somebody who is here.
      if (isNewFile && messenger.me === null) for (const end of ['', '-wal']) rmSync(`${path}${end}`, { force: true });
    };
    const attended = endBySignals(forget);
    try {
      if (!messenger.isSignedIn) await signIn({ messenger, name, accounts, options, prompt });
      return messenger;
    } catch (error) {
      await messenger.close();
      forget();
      throw error;
    } finally {
      attended.end();
    }
  } finally {
    opened?.close();
  }
}

// ---

/** Until `end`, what ends this process lets it tidy up first; the terminal's modes are given back by Node. */
function endBySignals(tidyUp: () => void): { end(): void } {
  const leave = (name: NodeJS.Signals) => process.exit(128 + constants.signals[name]);
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
  for (const name of signals) process.on(name, leave);
  process.on('exit', tidyUp);
  return {
    end() {
      for (const name of signals) process.off(name, leave);
      process.off('exit', tidyUp);
    },
  };
}

interface SigningIn {
  readonly messenger: Messenger;
  readonly name: string;
  readonly accounts: Accounts;
  readonly options: ChatOptions;
  readonly prompt: () => Prompt | null;
}

async function chooseUser(accounts: Accounts, prompt: () => Prompt | null): Promise<string> {
  const { names, origin } = accounts;
  if (names.length === 1) return names[0]!;
  const here = names.length === 0 ? '' : ` (here before: ${names.join(', ')})`;
  const at = prompt();
  if (at === null) throw noTerminal(`A name${here}`, 'give it with --user');
  await checkAnswer(accounts);
  at.say(`Nawaab at ${origin}`);
  return at.ask(`Your name${here}: `);
}

async function signIn(context: SigningIn): Promise<void> {
  const { messenger, name, options } = context;
  const given = givenPassword(options);
  const isKnown = messenger.me !== null;
  if (given !== null) {
    const outcome = await enter(messenger, { name, password: given, isNew: options.signUp === true && !isKnown });
    if (outcome.kind !== 'ok') throw new Problem(sentence(outcome, context));
    return;
  }
  await checkAnswer(context.accounts);
  const prompt = context.prompt();
  if (prompt === null) throw noTerminal('A password', 'give it in NAWAAB_PASSWORD or with --password-file');
  const isNew = !isKnown && (options.signUp ?? (await askIfNew(prompt, name)));
  for (;;) {
    const outcome = await enter(messenger, { name, password: await askPassword(prompt, name, isNew), isNew });
    if (outcome.kind === 'ok') return;
    const mayHelp = outcome.kind === 'refused' && outcome.code === 'unauthenticated';
    if (!mayHelp) throw new Problem(sentence(outcome, context));
    prompt.say(sentence(outcome, context));
  }
}

/** Before questions are asked whose answers could go nowhere. */
async function checkAnswer({ origin }: Accounts): Promise<void> {
  try {
    await createWsTransport({ origin }).request({ ...routes.health, body: '' });
  } catch (error) {
    throw new Problem(noAnswer(origin, error instanceof Error ? error.message : String(error)));
  }
}

function noAnswer(origin: string, reason: string): string {
  if (/certificate/i.test(reason) && origin.startsWith('https:')) {
    return `${origin} cannot be trusted (${reason}): if its certificate is by an authority of your own, name the file of that in NODE_EXTRA_CA_CERTS.`;
  }
  return `There is no answer at ${origin} (${reason}): start it with \`nawaab serve\`, or name another with --origin.`;
}

interface Entering {
  readonly name: string;
  readonly password: string;
  readonly isNew: boolean;
}

/** Who is new may have been made by an attempt whose answer was lost: then the password fits. */
async function enter(messenger: Messenger, { isNew, ...who }: Entering): Promise<AccountOutcome<unknown>> {
  if (!isNew) return messenger.signIn(who);
  const made = await messenger.signUp(who);
  if (made.kind !== 'refused' || made.code !== 'nameTaken') return made;
  const entered = await messenger.signIn(who);
  return entered.kind === 'ok' ? entered : made;
}

async function askIfNew(prompt: Prompt, name: string): Promise<boolean> {
  for (;;) {
    const answer = (await prompt.ask(`Is ${name} new here? [y/n] `)).trim().toLowerCase();
    if (answer === 'y' || answer === 'yes') return true;
    if (answer === 'n' || answer === 'no') return false;
  }
}

async function askPassword(prompt: Prompt, name: string, isNew: boolean): Promise<string> {
  if (!isNew) return prompt.askSecret(`Password of ${name}: `);
  for (;;) {
    const password = await prompt.askSecret(`A password for ${name}, at least ${limits.passwordCharsMin} characters: `);
    if (password.length < limits.passwordCharsMin || password.length > limits.passwordCharsMax) {
      prompt.say(`A password has from ${limits.passwordCharsMin} to ${limits.passwordCharsMax} characters.`);
    } else if ((await prompt.askSecret('The same again: ')) === password) return password;
    else prompt.say('These were not the same.');
  }
}

/** Never from the command line, which other users of the machine can read. */
function givenPassword({ passwordFile }: ChatOptions): string | null {
  if (passwordFile === undefined) return process.env.NAWAAB_PASSWORD || null;
  try {
    return readFileSync(passwordFile, 'utf8').split(/\r?\n/, 1)[0]!;
  } catch (cause) {
    throw new Problem(`The password file ${passwordFile} cannot be read (${(cause as Error).message}).`, { cause });
  }
}

function sentence(outcome: Exclude<AccountOutcome<unknown>, { kind: 'ok' }>, { name, accounts }: SigningIn): string {
  const { origin } = accounts;
  if (outcome.kind === 'unknown') {
    return noAnswer(origin, outcome.reason);
  }
  if (outcome.code === 'unauthenticated') {
    return `The name ${name} and this password do not fit together at ${origin}; who is new there uses --sign-up.`;
  }
  if (outcome.code === 'nameTaken')
    return `The name ${name}, or one that looks like it, is taken at ${origin}; choose another.`;
  const wait =
    outcome.retryAfterMs === undefined ? '' : ` Try again in ${Math.ceil(outcome.retryAfterMs / 1000)} seconds.`;
  return `${origin} refused it: ${outcome.detail ?? errors[outcome.code].meaning}${wait}`;
}
