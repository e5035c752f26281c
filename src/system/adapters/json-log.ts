import { pino } from 'pino';
import type { Log, LogLevel } from '../ports.ts';
import { Problem } from '../problem.ts';

export interface JsonLogOptions {
  /** Who writes: `s1`, `balancer-1`, `laboratory`. */
  readonly component: string;
  /** Lines below this level are dropped. Default `info`. */
  readonly level?: LogLevel;
  /** A file to append to, a file descriptor, or anything with `write`. Default: standard error. */
  readonly destination?: string | number | { write(line: string): void };
}

/**
 * One JSON object per line: `level`, `time` (ISO 8601), `component`, `message` and the fields. Writes at once, never throws. A file
 * that cannot be opened is a `Problem`.
 */
export function createLog(options: JsonLogOptions): Log {
  const settings: pino.LoggerOptions = {
    level: options.level ?? 'info',
    base: { component: options.component },
    messageKey: 'message',
    timestamp: () => `,"time":"${new Date(realNow()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  };
  const logger = pino(settings, streamOf(options.destination ?? 2));
  return {
    write: (level, message, fields) => logger[level](fields ?? {}, message),
  };
}

// ---

/** Kept from the start: a log is for people, who live in real time, also when its writer lives in virtual time. */
const realNow = Date.now;

type Destination = NonNullable<JsonLogOptions['destination']>;

/** Files are written synchronously: the last lines before a death are those that matter. */
function streamOf(destination: Destination): pino.DestinationStream {
  if (typeof destination === 'object') return destination;
  try {
    const stream = pino.destination({ dest: destination, sync: true, mkdir: typeof destination === 'string' });
    // A full disk or a reader that went away must not end the program that wants to tell about it.
    stream.on('error', () => {});
    return stream;
  } catch (cause) {
    throw new Problem(
      `The log ${destination} cannot be written (${(cause as Error).message}): name another file or make room.`,
      { cause },
    );
  }
}
