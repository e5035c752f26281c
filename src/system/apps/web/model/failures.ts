import type { AccountFailure, Failure } from '../../../browser.ts';

/** Why a request about an account came to nothing, for people. */
export function failureSentence(failure: AccountFailure): string {
  if (failure.kind === 'unknown') return 'No answer came from the servers. Check the connection and try again.';
  const wait =
    failure.retryAfterMs === undefined ? '' : ` Try again in ${Math.ceil(failure.retryAfterMs / 1000)} seconds.`;
  return sentences[failure.code] ?? `${failure.detail ?? `The servers refused (${failure.code}).`}${wait}`;
}

/** Why an operation about a conversation came to nothing, for people. */
export function operationSentence({ code, reason }: Failure): string {
  return code === 'malformed' ? malformedOperation : reason;
}

// ---

const malformedOperation =
  'A title is one line of 1 to 128 characters, without signs that turn the direction of writing; a name has letters and digits, with . _ - between them.';

const sentences: Readonly<Record<string, string>> = {
  nameTaken: 'That name, or one that looks like it, is taken. Choose another.',
  nameReserved: 'That name is kept for the system. Choose another.',
  unauthenticated: 'Name and password do not belong together.',
  wrongPassword: 'That is not your password.',
  malformed: 'A name has 1 to 64 letters and digits, with . _ - between them; a password 8 characters or more.',
};
