import autocannon from 'autocannon';
import type { Cancel, Clock, HttpRequest, Ms } from '../../system/index.ts';
import { dueMs, type Exchange, type HttpLoad, type HttpWaves } from './http-load.ts';

/**
 * Each wave is a run of autocannon of its own, with a connection for each request, started when the wave is due. One run
 * with autocannon's rate (`-R`) would not do: its connections wait for an answer before they ask again, and its seconds
 * drift.
 */
export function createAutocannonLoad(clock: Clock, origins: readonly string[]): HttpLoad {
  return {
    about:
      'Sign-ins are sent by autocannon, each wave by a run of its own with a connection for each: none waits for another, and ' +
      'latency counts from the moment at which the wave was due.',
    start(waves) {
      const { perSec, seconds } = waves;
      const startMs = clock.now();
      const running = new Set<autocannon.Instance>();
      const { promise: done, resolve } = Promise.withResolvers<void>();
      let next = 0;
      let cancel: Cancel = () => undefined;

      const sendWave = (): void => {
        const instance = startWave({
          origins,
          waves,
          clock,
          first: next * perSec,
          over() {
            running.delete(instance);
            if (running.size === 0 && next === seconds) resolve();
          },
        });
        running.add(instance);
        if (++next < seconds) cancel = clock.after(startMs + dueMs(waves, next * perSec) - clock.now(), sendWave);
      };
      sendWave();

      return {
        done,
        async stop() {
          cancel();
          next = seconds;
          for (const instance of running) instance.stop();
          if (running.size === 0) resolve();
          await done;
        },
      };
    },
  };
}

// ---

/** After this long a request counts as not answered. */
const timeoutSec = 30;
/** How often autocannon looks whether it has ended. */
const lookEveryMs = 100;

interface Context {
  index: number;
  sentMs: Ms;
}

function startWave(order: {
  readonly origins: readonly string[];
  readonly waves: HttpWaves;
  readonly clock: Clock;
  /** Index of the first request. */
  readonly first: number;
  /** All were answered or timed out, and no connection is left. */
  readonly over: () => void;
}): autocannon.Instance {
  const { origins, clock, first, over } = order;
  const { perSec, requestOf, answered } = order.waves;
  let next = first;
  const options: autocannon.Options = {
    // It takes a list too and spreads the connections over it, though its types do not say so.
    url: origins as unknown as string,
    connections: perSec,
    amount: perSec,
    timeout: timeoutSec,
    sampleInt: lookEveryMs,
    requests: [
      {
        // Called once for each connection, when it is made.
        setupRequest(request, context) {
          const index = next++;
          Object.assign(context, { index, sentMs: clock.now() } satisfies Context);
          return { ...request, ...asAutocannon(requestOf(index)) };
        },
        onResponse: (status, _body, context, headers) =>
          answered(exchangeOf(context as Context, { status, headers: headers ?? {}, answeredMs: clock.now() })),
      },
    ],
  };
  return autocannon(options, over);
}

function exchangeOf(
  { index, sentMs }: Context,
  answer: { readonly status: number; readonly headers: object; readonly answeredMs: Ms },
): Exchange {
  const { status, headers, answeredMs } = answer;
  const retryAfter = Object.keys(headers).some((name) => name.toLowerCase() === 'retry-after');
  return { index, sentMs, answeredMs, status, retryAfter };
}

function asAutocannon({ method, path, body }: HttpRequest): autocannon.Request {
  return { method, path, body, headers: { 'content-type': 'application/json' } };
}
