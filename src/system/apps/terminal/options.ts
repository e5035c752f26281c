import type { Ms } from '../../ports.ts';

export interface ChatOptions {
  /** Where the system is reached. Default `http://127.0.0.1:8080`. */
  readonly origin?: string;
  /** Who one is. Default: who has used this program here before, or a question. */
  readonly user?: string;
  /** Makes the user if nobody has the name. Default: it is asked at a terminal, and not done elsewhere. */
  readonly signUp?: boolean;
  /** A file whose first line is the password. Default: the environment's `NAWAAB_PASSWORD`, else a question. */
  readonly passwordFile?: string;
  /** Folder of the local databases. Default: that of this user's programs. */
  readonly data?: string;
  /** Writes to this user, or opens the conversation with them. */
  readonly to?: string;
  /** The same for the group of this title. */
  readonly group?: string;
  /** Each line of standard input is a message. Default: all of it is one. */
  readonly lines?: boolean;
  /** Sends this file, an image, instead of standard input. */
  readonly image?: string;
  /** With `image`: what is written below it. Default: nothing. */
  readonly caption?: string;
  /** With `follow`: saves images that come in this folder. */
  readonly images?: string;
  /** Prints what comes. */
  readonly follow?: boolean;
  /** Prints JSON, one object in a line. */
  readonly json?: boolean;
  /** How long to wait until what was sent is accepted. Default 30,000. */
  readonly timeoutMs?: Ms;
}

export const originDefault = 'http://127.0.0.1:8080';

/** As of the other commands: all done, something refused, not known (it waits), could not run, ended at the keyboard. */
export const chatExit = { done: 0, refused: 1, waiting: 2, couldNotRun: 3, interrupted: 130 } as const;
