import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Cancel, Clock, Log } from '../ports.ts';
import type { Bus, Hint } from './bus.ts';
import { createHintQueue } from './hint-queue.ts';
import { texts } from './postgres-arrays.ts';
import { type Bounds, connectionSettings, cut, endWithin, postgresBounds } from './postgres-connection.ts';
import { decodeHints, encodeHints, fitsNotification, originOf } from './postgres-hints.ts';
import { decodeSignals, encodeSignals } from './postgres-signals.ts';
import type { Signal } from './signal.ts';
import { createSignalQueue } from './signal-queue.ts';

export interface PostgresBusOptions {
  /** The database that the servers share. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: `postgresBounds`, but no statement takes longer than 10 s. */
  readonly bounds?: Bounds;
}

/**
 * A bus over LISTEN and NOTIFY, on one connection that does both. Notifications go outside the transactions of the
 * messages, one statement at a time; what is published meanwhile goes together in the next. Rejects when the first
 * connection fails; later ones are made anew for as long as it takes, and hints are lost meanwhile. Few signals go with
 * each statement, so that hints never wait behind many.
 */
export async function createPostgresBus(options: PostgresBusOptions): Promise<Bus> {
  const { url, clock, log } = options;
  const bounds = { ...postgresBounds, statementMs: answerMs, ...options.bounds };
  const origin = randomBytes(9).toString('base64url');
  const queue = createHintQueue();
  const signals = createSignalQueue();
  let receive: (hints: readonly Hint[]) => void = () => {};
  let receiveSignals: (signals: readonly Signal[]) => void = () => {};
  let client: pg.Client | null = null;
  let sending: Promise<void> | null = null;
  let closed = false;
  let cancelTimer: Cancel = () => {};
  await connect();
  return {
    publish(hints) {
      if (closed) return;
      for (const hint of hints) queue.add(portable(hint));
      sending ??= drain();
    },
    subscribe(receiver) {
      receive = receiver;
    },
    signal(more) {
      if (closed) return;
      signals.add(more);
      if (client === null) signals.clear();
      else sending ??= drain();
    },
    onSignals(receiver) {
      receiveSignals = receiver;
    },
    get signalsDropped() {
      return signals.dropped;
    },
    async close() {
      if (closed) return;
      closed = true;
      cancelTimer();
      if (client !== null) await endWithin(bounds.closeMs, goodbye(client), [client]);
    },
  };

  async function goodbye(current: pg.Client): Promise<void> {
    await sending;
    await current.end();
  }

  async function connect(): Promise<void> {
    const fresh = new pg.Client({ ...connectionSettings(url, bounds), query_timeout: bounds.statementMs });
    fresh.on('notification', ({ channel, payload = '' }) => {
      if (originOf(payload) === origin || closed) return;
      if (channel === hintChannel) receive(decodeHints(payload));
      else receiveSignals(decodeSignals(payload));
    });
    fresh.on('error', (error) => lose(fresh, error));
    try {
      await fresh.connect();
      await fresh.query(`SET synchronous_commit = off; LISTEN ${hintChannel}; LISTEN ${signalChannel}`);
    } catch (error) {
      cut(fresh);
      throw error;
    }
    client = fresh;
    watch(fresh);
  }

  /** Sends until nothing is left. */
  async function drain(): Promise<void> {
    // What is published in the same turn of the event loop goes along.
    await null;
    while (client && queue.size + signals.size > 0) {
      const current: pg.Client = client;
      const hints = encodeHints(queue.take(hintsPerStatement), origin);
      const quiet = encodeSignals(signals.take(signalsPerStatement), origin);
      const values = [texts(hints), texts(quiet)];
      await current.query({ ...notify, values }).catch((error) => lose(current, error));
    }
    sending = null;
  }

  /** A connection that has died in silence answers no question. */
  function watch(current: pg.Client): void {
    cancelTimer = clock.after(watchEveryMs, () => {
      current.query('SELECT').then(
        () => client === current && !closed && watch(current),
        (error) => lose(current, error),
      );
    });
  }

  function lose(broken: pg.Client, error: Error): void {
    if (client !== broken) return;
    client = null;
    signals.clear();
    cancelTimer();
    cut(broken);
    if (closed) return;
    log.write('warn', 'The bus lost its connection to PostgreSQL; hints are lost until it is back.', {
      error: error.message,
    });
    retry(retryFirstMs);
  }

  function retry(delayMs: number): void {
    cancelTimer = clock.after(delayMs, () => {
      connect().then(reconnected, () => !closed && retry(Math.min(delayMs * 2, retryLastMs)));
    });
  }

  function reconnected(): void {
    if (closed) {
      cancelTimer();
      void client?.end();
      return;
    }
    log.write('info', 'The bus is connected to PostgreSQL again.');
    sending ??= drain();
  }
}

// ---

const hintChannel = 'nawaab_hints';
const signalChannel = 'nawaab_signals';
const notify = {
  name: 'notify',
  text: `
    SELECT pg_notify('${hintChannel}', payload) FROM unnest($1::text[]) payload
    UNION ALL
    SELECT pg_notify('${signalChannel}', payload) FROM unnest($2::text[]) payload`,
};
const hintsPerStatement = 1_000;
const signalsPerStatement = 100;
const answerMs = 10_000;
const watchEveryMs = 10_000;
const retryFirstMs = 100;
const retryLastMs = 5_000;

/** The hint without a frame that no notification could carry, so that the queue stays small. */
function portable(hint: Hint): Hint {
  if ('ended' in hint || hint.frame === undefined || fitsNotification(hint.frame)) return hint;
  const { frame: _, device: __, ...rest } = hint;
  return rest;
}
