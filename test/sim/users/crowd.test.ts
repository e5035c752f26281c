import { describe, expect, it } from 'vitest';
import {
  type CountLine,
  createMemoryHistory,
  decodeHistogram,
  type HistogramLine,
  type InstrumentLine,
  judge,
  type MemoryHistory,
} from '../../../src/metrics/index.ts';
import type { Cluster } from '../../../src/sim/backends/backend.ts';
import { virtualBackend } from '../../../src/sim/backends/virtual/index.ts';
import type { Load } from '../../../src/sim/engine/load.ts';
import { type ScenarioInput, scenario } from '../../../src/sim/scenario.ts';
import { createCrowd } from '../../../src/sim/users/crowd.ts';
import { sessionDefaults } from '../../../src/sim/users/crowd-contract.ts';
import { encryptionOf } from '../../../src/sim/users/encryption.ts';
import { createLoad } from '../../../src/sim/users/load.ts';
import { createSecondsRecorder } from '../../../src/sim/users/seconds.ts';
import { buildTrace, usersOf } from '../../../src/sim/users/trace/trace.ts';
import { type Clock, createSeededRandom, type Log, type Transport } from '../../../src/system/index.ts';
import { createNodeCiphers } from '../../../src/system/node.ts';

const log: Log = { write: () => {} };
const ciphers = createNodeCiphers();
const neverUsed: Transport = {
  request: () => Promise.reject(new Error('nobody asks')),
  open: () => {
    throw new Error('nobody connects');
  },
};

interface Outcome {
  readonly history: MemoryHistory;
  readonly histograms: HistogramLine[];
  readonly counts: CountLine[];
  readonly instrument: InstrumentLine[];
  readonly drained: boolean;
  readonly load: Load;
  readonly sends: number;
}

/** A whole run of a small scenario in virtual time. */
async function play(
  input: Partial<ScenarioInput>,
  options: { crowds?: number; disturb?: (cluster: Cluster) => Promise<unknown> } = {},
): Promise<Outcome> {
  const resolved = scenario.parse({
    name: 'test',
    description: 'A small run.',
    users: 20,
    topology: { kind: 'friends', degree: 3 },
    pace: { kind: 'constant', perSec: 100 },
    rampMs: 500,
    warmupMs: 500,
    measureMs: 2500,
    ...input,
  });
  const seed = 7;
  const trace = buildTrace(resolved, seed);
  const history = createMemoryHistory();
  const [histograms, counts, instrument]: [HistogramLine[], CountLine[], InstrumentLine[]] = [[], [], []];
  const order = { spec: resolved.cluster, seed, logDirectory: null, log, signal: new AbortController().signal };
  return virtualBackend.run(order, async (cluster) => {
    const { clock } = cluster;
    const runStartMs = clock.now();
    const random = createSeededRandom(seed).fork('users');
    const workers = options.crowds ?? 1;
    const crowds = Array.from({ length: workers }, (_, worker) => {
      const users = usersOf(worker, { users: resolved.users, workers });
      const seconds = createSecondsRecorder(worker, {
        histograms: (lines) => histograms.push(...lines),
        counts: (lines) => counts.push(...lines),
        instrument: (lines) => instrument.push(...lines),
      });
      const transportFor = (user: number) => cluster.connect(user, random.fork(`link:${user}`));
      return createCrowd(
        { trace, users, crowds: workers, tag: 'abcdef', runStartMs, session: sessionDefaults },
        {
          clock,
          random,
          log,
          ciphers,
          encryption: encryptionOf(resolved, { random, isVirtual: true }),
          transportFor,
          history,
          seconds,
          vitals: null,
        },
      );
    });
    const spreadNews = (): void => {
      for (const crowd of crowds) {
        const news = crowd.takeNews();
        for (const other of crowds) if (other !== crowd) other.hear(news);
      }
      cancelNews = clock.after(50, spreadNews);
    };
    let cancelNews = clock.after(50, spreadNews);
    const load = createLoad({ crowds, clock, users: resolved.users });
    await load.signUp();
    await load.connect();
    await load.openConversations();
    const disturbed = options.disturb?.(cluster);
    await load.send(clock.now());
    await disturbed;
    const drained = await load.drain(20_000);
    await load.stop();
    cancelNews();
    return { history, histograms, counts, instrument, drained, load, sends: trace.sends.count };
  });
}

function sumOf<T>(lines: readonly T[], read: (line: T) => number): number {
  return lines.reduce((total, line) => total + read(line), 0);
}

function countOf(histograms: readonly HistogramLine[], operation: string): number {
  const own = histograms.filter((line) => line.operation === operation);
  return sumOf(own, (line) => decodeHistogram(line.hdr).totalCount);
}

async function failures(history: MemoryHistory): Promise<string[]> {
  const verdicts = await judge(history);
  return verdicts.filter((verdict) => verdict.result === 'fail').map(({ check, summary }) => `${check}: ${summary}`);
}

describe('a crowd in virtual time', () => {
  it.each<[string, Partial<ScenarioInput>]>([
    ['pairs', { topology: { kind: 'pairs' } }],
    ['friends', {}],
    ['groups', { topology: { kind: 'groups', count: 3, size: 6, skew: 1 } }],
    ['comings and goings', { churn: { stayMeanMs: 800, offlineMs: 200 } }],
    ['half of them away together', { away: { share: 0.5, fromMs: 800, forMs: 1500 } }],
  ])('sends all that is due, gets all of it delivered, and breaks no promise: %s', async (_, input) => {
    const { drained, load, sends, history } = await play(input);
    expect(drained).toBe(true);
    expect(load.totals()).toMatchObject({ offered: sends, accepted: sends, errors: 0 });
    expect(await failures(history)).toEqual([]);
  });

  it('loses nothing when a server is killed', async () => {
    const { drained, history, load, sends } = await play(
      {},
      {
        disturb: async (cluster) => {
          await new Promise<void>((resolve) => cluster.clock.after(1000, resolve));
          await cluster.apply({ kind: 'kill', server: 's2' });
          await new Promise<void>((resolve) => cluster.clock.after(500, resolve));
          await cluster.apply({ kind: 'start', server: 's2' });
        },
      },
    );
    expect(drained).toBe(true);
    expect(load.totals().accepted).toBe(sends);
    expect(load.totals().errors).toBeGreaterThan(0);
    expect(await failures(history)).toEqual([]);
  });

  it('can be cut into several', async () => {
    const { drained, load, sends, history } = await play({}, { crowds: 3 });
    expect(drained).toBe(true);
    expect(load.totals()).toMatchObject({ offered: sends, accepted: sends });
    expect(await failures(history)).toEqual([]);
  });

  it.each([1, 3])('expects exactly what is delivered while members come and go, in %i crowds', async (crowds) => {
    const { drained, load, history, counts, histograms } = await play(
      { topology: { kind: 'groups', count: 4, size: 6 }, turnover: { perSec: 20 } },
      { crowds },
    );
    const events = (kind: string, op: string) =>
      history.events.filter((event) => event.kind === kind && event.op === op).length;
    expect(drained).toBe(true);
    expect(await failures(history)).toEqual([]);
    for (const op of ['invite', 'remove', 'leave']) expect(events('ok', op)).toBeGreaterThan(0);
    expect(sumOf(counts, (line) => line.expected)).toBe(load.totals().delivered);
    expect(countOf(histograms, 'fanOut')).toBe(load.totals().accepted);
  });

  it.each([1, 3])('sees every change of presence, and nothing of strangers, in %i crowds', async (crowds) => {
    const { drained, history, histograms, counts } = await play(
      {
        watch: { each: 3, strangers: 2 },
        waves: { everyMs: 2000, share: 0.5, offlineMs: 1900 },
        measureMs: 4500,
        cluster: { server: { presenceGraceMs: 300 } },
        typing: { forMs: 300 },
      },
      { crowds },
    );
    const extra = (name: 'presence.changes' | 'presence.unseen' | 'typing.told') =>
      sumOf(counts, (line) => line.extra?.[name] ?? 0);
    expect(drained).toBe(true);
    expect(await failures(history)).toEqual([]);
    expect((await judge(history, ['presence-true']))[0]!.result).toBe('pass');
    expect(extra('presence.changes')).toBeGreaterThan(10);
    expect(extra('presence.unseen')).toBe(0);
    expect(extra('typing.told')).toBeGreaterThan(0);
    expect(countOf(histograms, 'presence')).toBeGreaterThan(20);
  });

  it.each([1, 3])('has every image read by its recipients and kept from others, in %i crowds', async (crowds) => {
    const { drained, history, histograms, load } = await play(
      {
        topology: { kind: 'groups', count: 4, size: 5 },
        images: { perSec: 6, medianBytes: 30_000, sigma: 1, maxBytes: 200_000, strangerShare: 0.5 },
      },
      { crowds },
    );
    const ended = (kind: string, op: string) =>
      history.events.filter((event) => event.kind === kind && event.op === op).length;
    expect(drained).toBe(true);
    expect(await failures(history)).toEqual([]);
    expect((await judge(history, ['images-exact']))[0]!.result).toBe('pass');
    expect(ended('ok', 'upload')).toBeGreaterThan(5);
    expect(ended('ok', 'download')).toBe(4 * ended('ok', 'upload'));
    expect(ended('fail', 'download')).toBeGreaterThan(0);
    expect(countOf(histograms, 'upload')).toBe(ended('ok', 'upload'));
    expect(load.totals().offered).toBe(load.totals().accepted);
  });

  it('measures the last member also where members are in several crowds', async () => {
    const { histograms, sends } = await play({ topology: { kind: 'groups', count: 3, size: 7 } }, { crowds: 3 });
    expect(countOf(histograms, 'fanOut')).toBe(sends);
    const friends = await play({}, { crowds: 3 });
    expect(countOf(friends.histograms, 'fanOut')).toBe(friends.sends);
  });

  it('counts the same in its lines, its totals and its history', async () => {
    const { counts, history, sends, load, instrument } = await play({
      topology: { kind: 'groups', count: 2, size: 5 },
    });
    const events = (kind: string) =>
      history.events.filter((event) => event.kind === kind && event.op === 'send').length;
    const delivered = load.totals().delivered;
    expect(delivered).toBe(4 * sends);
    expect(sumOf(counts, (line) => line.offered)).toBe(sends);
    expect(sumOf(counts, (line) => line.sent)).toBe(sends);
    expect(sumOf(counts, (line) => line.accepted)).toBe(events('ok'));
    expect(sumOf(counts, (line) => line.expected)).toBe(delivered);
    expect(sumOf(counts, (line) => line.delivered)).toBe(events('app'));
    expect(sumOf(instrument, (line) => line.sends)).toBe(sends);
    expect(Math.max(...counts.map((line) => line.connected))).toBe(20);
  });

  it('measures each delivery, each acceptance, and each last member', async () => {
    const { histograms, sends } = await play({ topology: { kind: 'groups', count: 2, size: 5 } });
    const count = (operation: string) => countOf(histograms, operation);
    expect(count('accepted')).toBe(sends);
    expect(count('delivery')).toBe(4 * sends);
    expect(count('fanOut')).toBe(sends);
    expect(count('connect')).toBe(20);
    expect(count('signIn')).toBe(20);
    expect(histograms.filter((line) => line.operation === 'delivery').every((line) => line.server !== '')).toBe(true);
  });

  it('tells of every second, also when it was held up over the end of some', async () => {
    let nowMs = 0;
    let due = (): void => undefined;
    const clock: Clock = {
      now: () => nowMs,
      wall: () => nowMs,
      after(_delayMs, run) {
        due = run;
        return () => undefined;
      },
    };
    const counts: CountLine[] = [];
    const seconds = createSecondsRecorder(0, {
      histograms: () => undefined,
      counts: (lines) => counts.push(...lines),
      instrument: () => undefined,
    });
    const trace = buildTrace(scenario.parse({ name: 'test', description: 'Nobody.', users: 1 }), 1);
    const random = createSeededRandom(1);
    const crowd = createCrowd(
      { trace, users: new Uint32Array(), crowds: 1, tag: 'abcdef', runStartMs: 0, session: sessionDefaults },
      {
        clock,
        random,
        log,
        ciphers,
        encryption: null,
        transportFor: () => neverUsed,
        history: createMemoryHistory(),
        seconds,
        vitals: null,
      },
    );
    nowMs = 3500;
    due();
    await crowd.stop();
    expect(counts.map(({ second }) => second)).toEqual([0, 1, 2]);
  });

  it('does the same for the same seed', async () => {
    const input: Partial<ScenarioInput> = { churn: { stayMeanMs: 800, offlineMs: 200 } };
    const [one, two] = [await play(input), await play(input)];
    expect(one.history.events).toEqual(two.history.events);
    expect(one.histograms).toEqual(two.histograms);
  });
});
