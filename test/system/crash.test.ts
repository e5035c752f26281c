import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readChildren, readStat } from '../../src/sim/backends/processes/proc.ts';
import { type Chatter, comeAgain, startChatter } from '../helpers/crash/chatter.ts';
import { type CrashCluster, type CrashServer, databaseBounds, startCrashCluster } from '../helpers/crash/cluster.ts';
import { connectImpatient } from '../helpers/crash/impatient.ts';
import { type FaultOrder, type FaultPoint, faultPoints } from '../helpers/crash/points.ts';
import { queryDatabase } from '../helpers/postgres.ts';
import type { RoughWire } from '../helpers/rough-wire.ts';

/** See CONTRIBUTING. Above 0: so many times at every point, and at every statement instead of those that write. */
const rounds = Number(process.env.NAWAAB_CRASH_ROUNDS ?? 0);
const thorough = rounds > 0;
const timeout = 120_000 * Math.max(1, rounds);
/** Longer than any wait for the database in the cluster of these tests. */
const outageMs = databaseBounds.statementMs + 300;

/** Statements of a message and of a change of membership, by the names under which they are prepared. */
const statements = [
  'accept_new',
  'begin',
  'lock_conversation',
  'members',
  'target',
  'find_known',
  'join_group',
  'commit',
];
const writes = ['accept_new', 'commit'];
const sides = ['request', 'answer'] as const;

describe.runIf(process.platform === 'linux')(
  'nothing accepted is lost or doubled, and all recovers by itself',
  { timeout },
  () => {
    let cluster: CrashCluster;
    let chatter: Chatter;
    let tests = 0;
    beforeAll(async () => {
      cluster = await startCrashCluster();
    });
    beforeEach(async () => {
      chatter = await startChatter(cluster, `t${++tests}-`);
    });
    afterEach(async () => {
      await chatter.settle();
      expect(await chatter.judge()).toEqual([]);
    });
    afterAll(() => cluster.stop());

    /** Where the admin is; others are there too, and elsewhere. */
    async function home(): Promise<CrashServer> {
      const name = await chatter.home();
      return cluster.servers.find(({ process }) => process.name === name)!;
    }

    async function reach({ process: server, arm }: CrashServer, order: FaultOrder): Promise<void> {
      await arm(order);
      if (order.point === 'greeted') comeAgain(chatter.sessions);
      if (order.point === 'draining') server.signal('SIGTERM');
    }

    it('when a server is killed at any point on the way of a message or a change of membership', async () => {
      for (const order of ordersAt(Object.keys(faultPoints) as FaultPoint[])) {
        await chatter.progress();
        const server = await home();
        await reach(server, { ...order, signal: 'SIGKILL' });
        expect(await server.process.exited, `killed at ${order.point}`).toBe('SIGKILL');
        chatter.disturbed(`${server.process.name} killed at ${order.point} ${order.kind}`);
        await server.process.start();
      }
    });

    it('when a server stands still at such a point and goes on after its clients have gone elsewhere', async () => {
      for (const order of ordersAt(
        thorough ? ['received', 'writing', 'committed', 'answered', 'heard'] : ['writing', 'committed'],
      )) {
        await chatter.progress();
        const { process: server, arm } = await home();
        await arm({ ...order, signal: 'SIGSTOP' });
        await expect.poll(() => readStat(server.pid)?.state, { timeout: 10_000 }).toBe('T');
        chatter.disturbed(`${server.name} stopped at ${order.point} ${order.kind}`);
        await expect
          .poll(() => chatter.sessions.map((session) => session.server), { timeout: 10_000 })
          .not.toContain(server.name);
        await chatter.progress();
        server.signal('SIGCONT');
      }
    });

    it('when a server is killed while PostgreSQL works on a statement, or has answered it', async () => {
      for (const [side, name] of pairs(thorough ? statements : writes)) {
        await chatter.progress();
        const { process: server, wire } = await home();
        await wire.trap(side, name, async () => {
          server.signal('SIGKILL');
          await server.exited;
          return 'pass';
        });
        chatter.disturbed(`${server.name} killed at the ${side} of ${name}`);
        await server.start();
      }
    });

    it('when a connection to PostgreSQL is ended from there at any statement', async () => {
      for (const [side, name] of pairs(statements)) {
        await chatter.progress(2);
        const { wire } = await home();
        await wire.trap(side, name, async (port) => {
          const backend = `pg_stat_activity WHERE client_port = ${port}`;
          await queryDatabase(cluster.database.url, `SELECT pg_terminate_backend(pid, 5000) FROM ${backend}`);
          return 'pass';
        });
        chatter.disturbed(`ended at the ${side} of ${name}`);
      }
      expect(chatter.disconnects).toBe(0);
    });

    it('when a connection to PostgreSQL falls silent at a statement', async () => {
      for (const [side, name] of pairs(thorough ? statements : writes)) {
        await chatter.progress();
        await (await home()).wire.trap(side, name, async () => 'lose');
        chatter.disturbed(`silent at the ${side} of ${name}`);
      }
      expect(chatter.disconnects).toBe(0);
    });

    it('when the network to the database swallows everything, is cut, or loses its far side', async () => {
      const wires = cluster.servers.map(({ wire }) => wire);
      const all = (act: (wire: RoughWire) => void) => () => {
        for (const wire of wires) act(wire);
      };
      const faults: Readonly<Record<string, () => void>> = {
        'one server silent': () => wires[0]!.swallow(),
        'all silent': all((wire) => wire.swallow()),
        'all cut': all((wire) => wire.reset()),
        'all refused': all((wire) => {
          wire.refuse();
          wire.reset();
        }),
        'far side gone': all((wire) => wire.halfOpen()),
      };
      for (const [name, disturb] of Object.entries(faults)) {
        await chatter.progress();
        disturb();
        chatter.disturbed(name);
        await passes(outageMs);
        all((wire) => wire.pass())();
      }
      await chatter.progress();
      expect(chatter.disconnects).toBe(0);
    });

    it('and every answer that is given while the database comes and goes is true', async () => {
      const devices = await Promise.all([1, 2].map((index) => connectImpatient(cluster, `impatient${index}`)));
      const asking = setInterval(() => {
        for (const device of devices) device.ask();
      }, 10);
      const wires = cluster.servers.map(({ wire }) => wire);
      await chatter.progress();
      // Done, and nobody hears of it: the devices make groups, and nobody else does.
      await Promise.any(wires.map((wire) => wire.trap('answer', 'create_conversation', async () => 'lose')));
      await passes(outageMs);
      for (const act of ['swallow', 'halfOpen', 'refuse'] as const) {
        for (const wire of wires) {
          wire[act]();
          if (act === 'refuse') wire.reset();
        }
        await passes(act === 'refuse' ? 300 : outageMs);
        for (const wire of wires) wire.pass();
        await chatter.progress();
      }
      await cluster.database.halt('immediate');
      await cluster.database.start();
      await chatter.progress();
      // Each ping of theirs goes on until the last answer is there.
      for (const device of devices) device.stop();
      await expect.poll(() => devices.map(({ unanswered }) => unanswered), { timeout: 10_000 }).toEqual([0, 0]);
      clearInterval(asking);
      const told = await Promise.all(devices.map((device) => device.reckon()));
      expect(told.flatMap(({ lies }) => lies)).toEqual([]);
      for (const fate of ['accepted', 'definite', 'uncertain'] as const) {
        expect(
          told.some((one) => one[fate] > 0),
          fate,
        ).toBe(true);
      }
    });

    it('when PostgreSQL is restarted, crashes, loses a process, or stands still', async () => {
      const { database } = cluster;
      for (const how of ['fast', 'immediate', 'kill'] as const) {
        await chatter.progress();
        chatter.disturbed(`database ended: ${how}`);
        await database.halt(how);
        await database.start();
      }
      await chatter.progress();
      const [backend] = await queryDatabase(
        database.url,
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%accept_new%' AND pid <> pg_backend_pid()",
      );
      process.kill(Number(backend!.pid), 'SIGKILL');
      chatter.disturbed('one process of the database killed');
      await chatter.progress();
      const all = [database.pid, ...readChildren(database.pid)];
      for (const pid of all) process.kill(pid, 'SIGSTOP');
      chatter.disturbed('database stands still');
      await passes(outageMs);
      for (const pid of all) process.kill(pid, 'SIGCONT');
      await chatter.progress();
      expect(chatter.disconnects).toBe(0);
    });

    it('when the balancer is killed: everybody comes back through the next one', async () => {
      const { balancer } = cluster;
      await chatter.progress();
      balancer.signal('SIGKILL');
      await balancer.exited;
      chatter.disturbed('balancer killed');
      await balancer.start();
      await chatter.progress();
      expect(chatter.disconnects).toBeGreaterThanOrEqual(chatter.sessions.length);
    });

    it('when a server is told to end while the database is silent: it ends in time and in order', async () => {
      await chatter.progress();
      const { process: server, wire } = await home();
      wire.swallow();
      chatter.disturbed(`${server.name} drained without a database`);
      await passes(100);
      server.signal('SIGTERM');
      expect(await server.exited).toBe(0);
      wire.pass();
      await server.start();
      await chatter.progress();
    });
  },
);

// ---

/** Each point for messages, and for changes of membership where that makes a difference; each round a little later. */
function ordersAt(points: readonly FaultPoint[]): readonly Omit<FaultOrder, 'signal'>[] {
  return Array.from({ length: Math.max(1, rounds) }, (_, round) =>
    points.flatMap((point) => kindsAt(point).map((kind) => ({ point, kind, skip: point === 'draining' ? 0 : round }))),
  ).flat();
}

function kindsAt(point: FaultPoint): readonly FaultOrder['kind'][] {
  return ['received', 'writing', 'committed', 'answered'].includes(point) ? ['send', 'change'] : ['send'];
}

function pairs(names: readonly string[]): readonly (readonly [(typeof sides)[number], string])[] {
  return names.flatMap((name) => sides.map((side) => [side, name] as const));
}

function passes(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
