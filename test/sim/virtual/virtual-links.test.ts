import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/sim/backends/backend.ts';
import type { LinkFault } from '../../../src/sim/faults/fault.ts';
import { type ConversationId, createSeededRandom, signUp } from '../../../src/system/index.ts';
import {
  createUser,
  openDirect,
  passes,
  runVirtual,
  until,
  type VirtualOrder,
  type VirtualUser,
} from './run-virtual.ts';

const lasting = { delayMs: 100, jitterMs: 0, bytesPerSec: null } as const;

describe('links between balancer and server in virtual time', () => {
  it('are late by the delay each way while they are slow, as before when they are open, and prove both', async () => {
    await pair({ servers: 1 }, async (cluster, { ann, ben, conversation }) => {
      const before = await deliveryMs(cluster, ann, ben, conversation);
      const slow = await cluster.apply({ kind: 'linkSlow', link: 'b1-s1', ...lasting });
      expect(slow).toMatchObject({
        effective: true,
        proof: expect.stringMatching(/^b1-s1 \(2 connections\) is slow: a question was answered after 200\.\d ms$/),
      });
      const slowed = await deliveryMs(cluster, ann, ben, conversation);
      expect(slowed - before).toBeGreaterThan(195);
      expect(slowed - before).toBeLessThan(205);
      const open = await cluster.apply({ kind: 'linkOpen', link: 'b1-s1' });
      expect(open).toMatchObject({
        effective: true,
        proof: expect.stringContaining('is open: a question was answered'),
      });
      expect(await deliveryMs(cluster, ann, ben, conversation)).toBeLessThan(20);
    });
  });

  it('keep the order of what is unevenly late, and let no more through than fits', async () => {
    await pair({ servers: 1 }, async (cluster, { ann, ben, conversation }) => {
      const uneven = { ...lasting, jitterMs: 80, bytesPerSec: 20_000 };
      const { effective, proof } = await cluster.apply({ kind: 'linkSlow', link: 'b1-s1', ...uneven });
      expect({ effective, proof }).toMatchObject({ effective: true, proof: expect.stringContaining('16 questions') });
      const sentAtMs = cluster.clock.now();
      const sent = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(1000, 'A'));
      for (const payload of sent) ann.session.send(conversation, payload);
      await until(cluster, () => payloadsOf(ben).length === sent.length);
      expect(payloadsOf(ben)).toEqual(sent);
      expect(cluster.clock.now() - sentAtMs).toBeGreaterThan(1500);
    });
  });

  it('hold everything while they are cut, and bring it when they are open; the balancer sends others elsewhere', async () => {
    await pair({}, async (cluster, { ann, ben, conversation }) => {
      const link = `b1-${ben.session.server}`;
      const cut = await cluster.apply({ kind: 'linkCut', link });
      expect(cut).toMatchObject({
        effective: true,
        proof: expect.stringContaining('is cut: a question was not answered'),
      });
      const shown = ben.shown.length;
      for (let count = 0; count < 20; count++) ann.session.send(conversation, `${count}`.padEnd(8, 'A'));
      await passes(cluster, 3000);
      expect(ben.shown.length).toBe(shown);
      expect(ann.accepted.size).toBeGreaterThan(20);
      const cleo = await createUser(cluster, 2);
      expect(cleo.session.server).not.toBe(ben.session.server);
      expect(await cluster.apply({ kind: 'linkOpen', link })).toMatchObject({ effective: true });
      expect(payloadsOf(ben)).toEqual(Array.from({ length: 20 }, (_, count) => `${count}`.padEnd(8, 'A')));
      expect(ben.closes).toEqual([]);
    });
  });

  it('bring a connection that was made while they were cut to the server when they are open', async () => {
    await runVirtual({ servers: 1 }, async (cluster) => {
      // Before the balancer has found out.
      const cutting = cluster.apply({ kind: 'linkCut', link: 'b1-s1' });
      const coming = signUp(cluster.connect(0, createSeededRandom(0)), { name: 'u0', password: 'a password' });
      await cutting;
      await cluster.apply({ kind: 'linkOpen', link: 'b1-s1' });
      expect(await coming).toMatchObject({ kind: 'ok' });
    });
  });

  it('without a far end are silent for the near end, also after healing, until its own heartbeat finds out', async () => {
    await pair({ servers: 1, server: { heartbeatMs: 2000 } }, async (cluster, { ann, ben, conversation }) => {
      expect(await cluster.apply({ kind: 'linkHalfOpen', link: 'b1-s1' })).toMatchObject({
        effective: true,
        proof: 'b1-s1 (2 connections) has no far end: a question was not answered',
      });
      const [server] = (await cluster.sample()).filter(({ role }) => role === 'server');
      expect(server!.sessions).toBe(0);
      expect(await cluster.apply({ kind: 'linkOpen', link: 'b1-s1' })).toMatchObject({ effective: true });
      const clientId = ann.session.send(conversation, 'aGVsbG8');
      await passes(cluster, 500);
      expect(ann.accepted.has(clientId)).toBe(false);
      expect([ann.session.state, ann.closes, ben.closes]).toEqual(['online', [], []]);
      await until(cluster, () => payloadsOf(ben).includes('aGVsbG8'));
      expect([ann.closes.length, ben.closes.length]).toEqual([1, 1]);
    });
  });

  it('break connections and refuse new ones while they are reset', async () => {
    await pair({}, async (cluster, { ann, ben, conversation }) => {
      const server = ben.session.server!;
      const link = `b1-${server}`;
      expect(await cluster.apply({ kind: 'linkReset', link })).toMatchObject({
        effective: true,
        proof: `${link} (1 connections) is reset: a question broke off (ECONNRESET)`,
      });
      await until(cluster, () => ben.closes.length > 0);
      await until(cluster, () => ben.session.state === 'online');
      expect(ben.session.server).not.toBe(server);
      expect(await deliveryMs(cluster, ann, ben, conversation)).toBeLessThan(20);
      expect(await cluster.apply({ kind: 'linkOpen', link })).toMatchObject({ effective: true });
    });
  });

  it('prove nothing when the far end is down, and are refused by name when there are none such', async () => {
    await runVirtual({}, async (cluster) => {
      await cluster.apply({ kind: 'kill', server: 's2' });
      expect(await cluster.apply({ kind: 'linkSlow', link: 'b1-s2', ...lasting })).toMatchObject({
        effective: false,
        proof: 'b1-s2 (0 connections) is slow: a question broke off (ECONNREFUSED)',
      });
      const known = 'Known: b1-s1, s1-database, b1-s2, s2-database.';
      await expect(cluster.apply({ kind: 'linkCut', link: 'b1-s3' })).rejects.toThrow(known);
    });
  });
});

describe('links between server and database in virtual time', () => {
  it('hold questions while they are cut, and hints of other servers too', async () => {
    await pair({}, async (cluster, { ann, ben, conversation }) => {
      const link = `${ben.session.server}-database`;
      const clientId = ann.session.send(conversation, 'aGVsbG8');
      await until(cluster, () => ann.accepted.has(clientId));
      expect(await cluster.apply({ kind: 'linkCut', link })).toMatchObject({ effective: true });
      const shown = ben.shown.length;
      const held = ben.session.send(conversation, 'aGVsZA');
      const other = ann.session.send(conversation, 'b3RoZXI');
      await passes(cluster, 2000);
      expect([ben.accepted.has(held), ann.accepted.has(other), ben.shown.length]).toEqual([false, true, shown]);
      expect(await cluster.apply({ kind: 'linkOpen', link })).toMatchObject({ effective: true });
      await until(cluster, () => ben.accepted.has(held) && payloadsOf(ben).includes('b3RoZXI'));
      expect(ben.closes).toEqual([]);
    });
  });

  it.each([
    ['linkHalfOpen', 'gives up after its patience, for each connection that it had'],
    ['linkReset', 'knows at once'],
  ] as const)('%s: the server %s, and makes new connections', async (kind, _) => {
    const settings = { answerMs: 1000 };
    await pair({ servers: 1, settings }, async (cluster, { ann, ben, conversation }) => {
      expect(await cluster.apply({ kind, link: 's1-database' })).toMatchObject({ effective: true });
      expect(await cluster.apply({ kind: 'linkOpen', link: 's1-database' })).toMatchObject({ effective: true });
      const tookMs = await deliveryMs(cluster, ann, ben, conversation);
      if (kind === 'linkHalfOpen') expect(tookMs).toBeGreaterThan(900);
      else expect(tookMs).toBeLessThan(900);
      expect(payloadsOf(ben)).toHaveLength(1);
    });
  });

  it('a bus whose connection has died in silence gets another, and hints arrive again', async () => {
    // Without hints, only the backstop would tell.
    const server = { backstopMs: 600_000, recheckMs: 600_000 };
    await pair({ server }, async (cluster, { ann, ben, conversation }) => {
      const link = `${ben.session.server}-database`;
      await cluster.apply({ kind: 'linkHalfOpen', link });
      await cluster.apply({ kind: 'linkOpen', link });
      ann.session.send(conversation, 'bG9zdA');
      await passes(cluster, 5000);
      expect(payloadsOf(ben)).toEqual([]);
      await passes(cluster, 20_000);
      ann.session.send(conversation, 'aGVhcmQ');
      await until(cluster, () => payloadsOf(ben).length === 2);
    });
  });
});

describe('a server without a network in virtual time', () => {
  it('hears nothing and is not heard; its users move on, and nothing is lost', async () => {
    await pair({ server: { heartbeatMs: 2000 } }, async (cluster, { ann, ben, conversation }) => {
      const server = ben.session.server!;
      expect(await cluster.apply({ kind: 'disconnect', server })).toMatchObject({
        effective: true,
        proof: `${server} is on no network with 1 connections: none of 2 links answer`,
      });
      ann.session.send(conversation, 'aGVsbG8');
      await passes(cluster, 500);
      expect([ben.session.state, payloadsOf(ben)]).toEqual(['online', []]);
      await until(cluster, () => payloadsOf(ben).includes('aGVsbG8'));
      expect(ben.session.server).not.toBe(server);
      expect(await cluster.apply({ kind: 'reconnect', server })).toMatchObject({
        effective: true,
        proof: `${server} is on its network: b1-${server} and ${server}-database of 2 links answer`,
      });
      await cluster.apply({ kind: 'kill', server: ben.session.server! });
      await until(cluster, () => ben.session.server === server && ben.session.state === 'online');
    });
  });
});

it('equal seeds disturb equally', async () => {
  const faults: readonly LinkFault[] = [
    { kind: 'linkSlow', link: 'b1-s1', delayMs: 20, jitterMs: 60, bytesPerSec: null },
    { kind: 'linkHalfOpen', link: 's1-database' },
    { kind: 'linkReset', link: 'b1-s2' },
  ];
  const run = (seed: number) => {
    const noted: string[] = [];
    return pair({ seed, settings: { answerMs: 500 } }, async (cluster, { ann, ben, conversation }) => {
      for (const fault of faults) {
        noted.push((await cluster.apply(fault)).proof);
        if (fault.kind === 'linkSlow') noted.push(`${await deliveryMs(cluster, ann, ben, conversation)} ms`);
        noted.push((await cluster.apply({ kind: 'linkOpen', link: fault.link })).proof);
        noted.push(`${await deliveryMs(cluster, ann, ben, conversation)} ms`);
      }
      return noted;
    });
  };
  const [first, again, other] = [await run(1), await run(1), await run(2)];
  expect(first).toHaveLength(10);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

// ---

interface Pair {
  readonly ann: VirtualUser;
  readonly ben: VirtualUser;
  readonly conversation: ConversationId;
}

/** Two users with a conversation; on different servers if there are two. */
function pair<T>(order: VirtualOrder, work: (cluster: Cluster, pair: Pair) => Promise<T>): Promise<T> {
  return runVirtual(order, async (cluster) => {
    const [ann, ben] = [await createUser(cluster, 0), await createUser(cluster, 1)];
    return work(cluster, { ann, ben, conversation: await openDirect(cluster, ann, ben) });
  });
}

function payloadsOf({ shown }: VirtualUser): string[] {
  return shown.flatMap((entry) => (entry.type === 'message' ? [entry.payload] : []));
}

async function deliveryMs(cluster: Cluster, from: VirtualUser, to: VirtualUser, conversation: ConversationId) {
  const sentAtMs = cluster.clock.now();
  const before = payloadsOf(to).length;
  from.session.send(conversation, 'aGVsbG8');
  await until(cluster, () => payloadsOf(to).length > before);
  return cluster.clock.now() - sentAtMs;
}
