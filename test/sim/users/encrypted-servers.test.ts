/** Servers see only bytes: under encryption that is modelled they must have the same work as under the real one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRunDirectory, type FinishedRun } from '../../../src/metrics/index.ts';
import type { Backend } from '../../../src/sim/backends/backend.ts';
import { createVirtualBackend } from '../../../src/sim/backends/virtual/index.ts';
import { runScenario } from '../../../src/sim/engine/run.ts';
import { scenario } from '../../../src/sim/scenario.ts';
import type { Store, Transport } from '../../../src/system/index.ts';

const reportsRoot = mkdtempSync(join(tmpdir(), 'nawaab-encrypted-'));
afterAll(() => rmSync(reportsRoot, { recursive: true, force: true }));

/** What servers do, by name: frames and bytes in both directions, requests, statements and the rows that they name. */
interface Work {
  readonly counts: Map<string, number>;
  /** What comes after it is left out: while files of the run are closed, virtual time goes on for as long as that takes. */
  isOver: boolean;
}

function count({ counts, isOver }: Work, what: string, more = 1): void {
  if (!isOver) counts.set(what, (counts.get(what) ?? 0) + more);
}

function countedTransport(transport: Transport, work: Work): Transport {
  return {
    async request(request, options) {
      const answer = await transport.request(request, options);
      count(work, `${request.method} ${request.path.replace(/[^/]*\d.*$/, '…')}`);
      count(work, 'bytes of requests', request.body.length);
      count(work, 'bytes of answers', answer.body.length);
      return answer;
    },
    open(path, handlers) {
      const note = (direction: 'to' | 'from', frame: string): void => {
        count(work, `frames ${direction} servers: ${JSON.parse(frame).type}`);
        count(work, `bytes ${direction} servers`, frame.length);
      };
      const socket = transport.open(path, {
        opened: () => handlers.opened(),
        drained: () => handlers.drained?.(),
        closed: (code, reason) => handlers.closed(code, reason),
        message(frame) {
          note('from', frame);
          handlers.message(frame);
        },
      });
      return {
        remote: socket.remote,
        get bufferedBytes() {
          return socket.bufferedBytes;
        },
        close: (code, reason) => socket.close(code, reason),
        terminate: () => socket.terminate(),
        send(frame) {
          note('to', frame);
          socket.send(frame);
        },
      };
    },
  };
}

/** Calls of the store are statements of PostgreSQL; lists that they are given are rows. */
function countedStore<T extends object>(store: T, work: Work): T {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value === 'object' && value !== null) return countedStore(value, work);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        count(work, `statements: ${String(name)}`);
        for (const one of given) if (Array.isArray(one)) count(work, `rows: ${String(name)}`, one.length);
        return Reflect.apply(value, target, given);
      };
    },
  });
}

function countingBackend(work: Work): Backend {
  const backend = createVirtualBackend({ wrapStore: (store: Store) => countedStore(store, work) });
  return {
    ...backend,
    run: (order, use) =>
      backend.run(order, (cluster) =>
        use({
          ...cluster,
          connect: (index, random) => countedTransport(cluster.connect(index, random), work),
          stored(options) {
            work.isOver = true;
            return cluster.stored(options);
          },
        }),
      ),
  };
}

async function play(encryption: 'mls' | 'modelled'): Promise<{ readonly work: Work; readonly run: FinishedRun }> {
  const work: Work = { counts: new Map(), isOver: false };
  const run = await runScenario({
    scenario: scenario.parse({
      name: 'same-work',
      description: 'Members come and go while all write encrypted messages of all sizes.',
      encryption,
      users: 16,
      topology: { kind: 'groups', count: 3, size: 6 },
      pace: { kind: 'constant', perSec: 15 },
      payload: { kind: 'lognormal', medianBytes: 200, sigma: 1, maxBytes: 4000 },
      turnover: { perSec: 1 },
      churn: { stayMeanMs: 4000, offlineMs: 300 },
      rampMs: 1000,
      warmupMs: 1000,
      measureMs: 6000,
    }),
    seed: 3,
    id: encryption,
    backend: countingBackend(work),
    directory: createRunDirectory(reportsRoot, 'same-work', encryption),
    again: '',
    workers: 1,
    log: { write: () => undefined },
    signal: new AbortController().signal,
    watch: () => undefined,
  });
  return { work, run };
}

describe('servers under encryption that is modelled', () => {
  let mls: Awaited<ReturnType<typeof play>>;
  let modelled: Awaited<ReturnType<typeof play>>;
  beforeAll(async () => {
    [mls, modelled] = [await play('mls'), await play('modelled')];
  }, 60_000);

  it('do exactly what they do under MLS: each frame, byte, request, statement and row', () => {
    expect(Object.fromEntries(modelled.work.counts)).toEqual(Object.fromEntries(mls.work.counts));
  });

  it('had work of every kind to be compared by', () => {
    for (const what of [
      'frames to servers: send',
      'frames to servers: commit',
      'frames from servers: message',
      'bytes to servers',
      'bytes of answers',
      'statements: accept',
      'statements: claimPackages',
      'rows: accept',
    ]) {
      expect(mls.work.counts.get(what), what).toBeGreaterThan(0);
    }
  });

  it('serve users who read exactly what was written, in either', () => {
    for (const { run } of [mls, modelled]) {
      expect(run.summary.checks.find(({ check }) => check === 'decrypted-exactly')?.result).toBe('pass');
      expect(run.summary.counts.accepted).toBeGreaterThan(50);
    }
    expect(modelled.run.summary.counts).toEqual(mls.run.summary.counts);
  });
});
