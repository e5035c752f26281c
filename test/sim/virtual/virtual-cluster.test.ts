import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/sim/backends/backend.ts';
import { createSeededRandom, signUp } from '../../../src/system/index.ts';
import { createUser, openDirect, passes, runVirtual, storedIn, until, type VirtualUser } from './run-virtual.ts';

describe('a cluster in virtual time', () => {
  it('delivers between users of different servers', async () => {
    await runVirtual({}, async (cluster) => {
      const [ann, ben] = await twoUsers(cluster);
      expect(new Set([ann.session.server, ben.session.server])).toEqual(new Set(['s1', 's2']));
      const conversation = await openDirect(cluster, ann, ben);
      ann.session.send(conversation, 'aGVsbG8');
      await until(cluster, () => ben.shown.some((entry) => entry.type === 'message'));
      expect(ben.shown.at(-1)).toMatchObject({ sender: 'u0', payload: 'aGVsbG8', seq: 2 });
      expect(await storedIn(cluster)).toBe(1);
    });
  });

  it('cuts the connections of a killed server; they come back elsewhere, and the server on the same store', async () => {
    await runVirtual({}, async (cluster) => {
      const [ann, ben] = await twoUsers(cluster);
      const conversation = await openDirect(cluster, ann, ben);
      const victim = ben.session.server!;
      const receipt = await cluster.apply({ kind: 'kill', server: victim });
      expect(receipt).toMatchObject({ effective: true, proof: `${victim} was killed with 1 connections` });
      ann.session.send(conversation, 'aGVsbG8');
      await until(cluster, () => ben.shown.some((entry) => entry.type === 'message'));
      expect(ben.closes).toEqual([1006]);
      expect(ben.session.server).not.toBe(victim);
      expect(await cluster.apply({ kind: 'start', server: victim })).toMatchObject({ effective: true });
      await cluster.apply({ kind: 'kill', server: ben.session.server! });
      await until(cluster, () => ben.session.server === victim && ben.session.state === 'online');
    });
  });

  it.each([
    ['happens', 1, 1],
    ['does not happen', 0, 0],
  ])('a call on its way to the database %s after the kill, as the seed says', async (_, orphanCommits, stored) => {
    const settings = { orphanCommits, storeLink: { baseMs: 50, jitterMs: 0 } };
    await runVirtual({ settings, server: { batchWaitMs: 0 } }, async (cluster) => {
      const [ann, ben] = await twoUsers(cluster);
      const conversation = await openDirect(cluster, ann, ben);
      await passes(cluster, 200);
      ann.session.send(conversation, 'aGVsbG8');
      ann.session.stop();
      await passes(cluster, 20);
      await cluster.apply({ kind: 'kill', server: 's1' });
      await cluster.apply({ kind: 'kill', server: 's2' });
      await passes(cluster, 1000);
      expect(await storedIn(cluster)).toBe(stored);
    });
  });

  it('a paused server answers nothing, and all of it once it goes on', async () => {
    await runVirtual({ servers: 1 }, async (cluster) => {
      const [ann, ben] = await twoUsers(cluster);
      const conversation = await openDirect(cluster, ann, ben);
      await cluster.apply({ kind: 'pause', server: 's1' });
      const clientId = ann.session.send(conversation, 'aGVsbG8');
      await passes(cluster, 500);
      expect(ann.accepted.has(clientId)).toBe(false);
      await cluster.apply({ kind: 'resume', server: 's1' });
      await passes(cluster, 50);
      expect(ann.accepted.has(clientId)).toBe(true);
      expect(ann.closes).toEqual([]);
    });
  });

  it('a slow server takes longer, until it is as before', async () => {
    await runVirtual({ servers: 1 }, async (cluster) => {
      const before = await signUpsMs(cluster, 'before');
      await cluster.apply({ kind: 'slow', server: 's1', cpuShare: 0.1 });
      const slowed = await signUpsMs(cluster, 'slowed');
      await cluster.apply({ kind: 'resume', server: 's1' });
      const after = await signUpsMs(cluster, 'after');
      expect(slowed).toBeGreaterThan(5 * before);
      expect(after).toBeLessThan(slowed / 5);
    });
  });

  it('a drained server sends its clients away and ends by itself', async () => {
    await runVirtual({ server: { drainMs: 500 } }, async (cluster) => {
      const [ann, ben] = await twoUsers(cluster);
      const conversation = await openDirect(cluster, ann, ben);
      const drained = ben.session.server!;
      const receipt = await cluster.apply({ kind: 'drain', server: drained });
      expect(receipt).toMatchObject({ effective: true });
      await until(cluster, () => ben.session.state === 'online' && ben.session.server !== drained);
      expect(ben.closes).toEqual([4003]);
      ann.session.send(conversation, 'aGVsbG8');
      await until(cluster, () => ben.shown.some((entry) => entry.type === 'message'));
    });
  });

  it.each([
    ['ended', { kind: 'databaseStop', how: 'immediate' }, { kind: 'databaseStart' }],
    ['paused', { kind: 'databasePause' }, { kind: 'databaseResume' }],
  ] as const)(
    'a database that is %s cuts nobody off, and what waited for it is done once it is back',
    async (_, fault, healing) => {
      await runVirtual({}, async (cluster) => {
        const [ann, ben] = await twoUsers(cluster);
        const conversation = await openDirect(cluster, ann, ben);
        const before = ann.session.send(conversation, 'aGVsbG8');
        await passes(cluster, 4);
        expect(await cluster.apply(fault)).toMatchObject({ effective: true });
        const meanwhile = ann.session.send(conversation, 'aGVsbG8');
        await passes(cluster, 3000);
        expect(ann.accepted.has(meanwhile)).toBe(false);
        expect(await cluster.apply(healing)).toMatchObject({ effective: true });
        await until(cluster, () => ann.accepted.has(before) && ann.accepted.has(meanwhile));
        await until(cluster, () => ben.shown.filter((entry) => entry.type === 'message').length === 2);
        expect([ann.closes, ben.closes]).toEqual([[], []]);
        expect(await storedIn(cluster)).toBe(2);
      });
    },
  );

  it('a database that stands still is given up after a while, and what was asked of it may happen all the same', async () => {
    await runVirtual({ settings: { answerMs: 200 }, server: { batchWaitMs: 0 } }, async (cluster) => {
      const [ann, ben] = await twoUsers(cluster);
      const conversation = await openDirect(cluster, ann, ben);
      await cluster.apply({ kind: 'databasePause' });
      const clientId = ann.session.send(conversation, 'aGVsbG8');
      await passes(cluster, 1000);
      ann.session.stop();
      await cluster.apply({ kind: 'databaseResume' });
      await passes(cluster, 1000);
      expect([ann.accepted.has(clientId), await storedIn(cluster)]).toEqual([false, 1]);
      ann.session.start();
      await until(cluster, () => ann.accepted.has(clientId));
      expect(await storedIn(cluster)).toBe(1);
    });
  });

  it('cuts everybody off when the balancer is killed; they come back through the next one on its place', async () => {
    await runVirtual({}, async (cluster) => {
      const [ann, ben] = await twoUsers(cluster);
      const conversation = await openDirect(cluster, ann, ben);
      const killed = await cluster.apply({ kind: 'balancerKill', balancer: 'b1' });
      expect(killed).toMatchObject({ effective: true, proof: 'b1 was killed with 2 connections' });
      await until(cluster, () => ann.closes.length > 0 && ben.closes.length > 0);
      await passes(cluster, 1000);
      expect(ann.session.state).toBe('connecting');
      expect((await cluster.sample()).map(({ name }) => name)).not.toContain('b1');
      expect(await cluster.apply({ kind: 'balancerStart', balancer: 'b1' })).toMatchObject({ effective: true });
      ann.session.send(conversation, 'aGVsbG8');
      await until(cluster, () => ben.shown.some((entry) => entry.type === 'message'));
    });
  });

  it('says so when an act has no effect, and refuses an unknown server with the right names', async () => {
    await runVirtual({}, async (cluster) => {
      await cluster.apply({ kind: 'kill', server: 's1' });
      expect(await cluster.apply({ kind: 'kill', server: 's1' })).toMatchObject({
        effective: false,
        proof: 's1 was down already',
      });
      expect(await cluster.apply({ kind: 'pause', server: 's1' })).toMatchObject({ effective: false });
      await expect(cluster.apply({ kind: 'kill', server: 's9' })).rejects.toThrow(/no server "s9".*Known: s1, s2/);
      const wrongBalancer = cluster.apply({ kind: 'balancerKill', balancer: 'b9' });
      await expect(wrongBalancer).rejects.toThrow(/no balancer "b9".*Known: b1/);
      await cluster.apply({ kind: 'databaseStop', how: 'kill' });
      for (const kind of ['databaseStop', 'databasePause', 'databaseResume'] as const) {
        expect(await cluster.apply({ kind, how: 'kill' })).toMatchObject({ effective: false });
      }
    });
  });

  it('slows a sender down to what a reader takes, and shows it in the bytes that wait', async () => {
    const userLink = { baseMs: 0.1, jitterMs: 0, bytesPerMs: 10, bufferBytes: 1000 };
    await runVirtual(
      { servers: 1, settings: { userLink }, server: { sessionBufferBytesMax: 5000 } },
      async (cluster) => {
        const [ann, ben] = await twoUsers(cluster);
        const conversation = await openDirect(cluster, ann, ben);
        const startMs = cluster.clock.now();
        for (let count = 0; count < 20; count++) ann.session.send(conversation, 'A'.repeat(2000));
        await until(cluster, () => ben.shown.length === 21);
        expect(cluster.clock.now() - startMs).toBeGreaterThan((20 * 2000) / 10);
      },
    );
  });

  it('samples servers, balancer and database', async () => {
    await runVirtual({}, async (cluster) => {
      await twoUsers(cluster);
      const samples = await cluster.sample();
      expect(samples.map(({ name, role }) => `${name} ${role}`)).toEqual([
        's1 server',
        's2 server',
        'b1 balancer',
        'database database',
      ]);
      expect(samples.map(({ sessions }) => sessions)).toEqual([1, 1, 2, null]);
      for (const { cpuMicros, cpuFraction } of samples) {
        expect(cpuMicros).toBeGreaterThan(0);
        expect(cpuFraction).toBeGreaterThan(0);
      }
    });
  });

  it('refuses a setting that no server has', async () => {
    await expect(runVirtual({ server: { batchWait: 1 } }, async () => undefined)).rejects.toThrow('"batchWait"');
  });

  it('ends with the reason of the signal', async () => {
    const abort = new AbortController();
    const run = runVirtual({ signal: abort.signal }, async (cluster) => {
      cluster.clock.after(100, () => abort.abort(new Error('stopped by hand')));
      await passes(cluster, 1000);
    });
    await expect(run).rejects.toThrow('stopped by hand');
  });
});

// ---

async function twoUsers(cluster: Cluster): Promise<[VirtualUser, VirtualUser]> {
  return [await createUser(cluster, 0), await createUser(cluster, 1)];
}

/** How long 20 people need who sign up at once: passwords are what costs a core most. */
async function signUpsMs(cluster: Cluster, tag: string): Promise<number> {
  const startMs = cluster.clock.now();
  const all = Array.from({ length: 20 }, (_, index) =>
    signUp(cluster.connect(index, createSeededRandom(index)), { name: `${tag}${index}`, password: 'a password' }),
  );
  for (const outcome of await Promise.all(all)) expect(outcome.kind).toBe('ok');
  return cluster.clock.now() - startMs;
}
