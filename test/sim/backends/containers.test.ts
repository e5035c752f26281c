import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { Cluster, StoredMessage } from '../../../src/sim/backends/backend.ts';
import { type Engine, findEngine } from '../../../src/sim/backends/containers/engine.ts';
import { clusterLabel } from '../../../src/sim/backends/containers/identity.ts';
import { systemImage } from '../../../src/sim/backends/containers/image.ts';
import { containersBackend } from '../../../src/sim/backends/containers/index.ts';
import { removeLeftovers } from '../../../src/sim/backends/containers/leftovers.ts';
import { readInside } from '../../../src/sim/backends/containers/limits.ts';
import { waitUntil } from '../../../src/sim/backends/processes/proof.ts';
import type { LinkFault } from '../../../src/sim/faults/fault.ts';
import { Problem } from '../../../src/sim/problem.ts';
import { createSeededRandom, socketPath } from '../../../src/system/index.ts';
import { chat, orderOf, quietLog } from '../../helpers/backend-cluster.ts';
import { describeContainers } from '../../helpers/containers.ts';

describeContainers('the containers backend', 180_000, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await findEngine();
    await systemImage(engine, quietLog);
  });
  afterEach(async () => expect(await left(`nawaab-${process.pid}-`)).toEqual([]));

  async function left(prefix: string): Promise<string[]> {
    const filters = { label: [clusterLabel] };
    const containers = await engine.docker.listContainers({ all: true, filters });
    const networks = await engine.docker.listNetworks({ filters });
    const names = [
      ...containers.flatMap(({ Names }) => Names.map((name) => name.slice(1))),
      ...networks.map(({ Name }) => Name),
    ];
    return names.filter((name) => name.startsWith(prefix));
  }

  /** The cores that the kernel lets the process of a part run on. */
  async function coresOf(part: string): Promise<readonly number[]> {
    const [found] = await engine.docker.listContainers({ filters: { label: [`nawaab.part=${part}`, owner] } });
    const words = await readInside(engine.docker.getContainer(found!.Id), 'grep Cpus_allowed_list /proc/1/status');
    const ranges = words[1]!.split(',').map((range) => range.split('-').map(Number));
    return ranges.flatMap(([from, to = from]) => Array.from({ length: to! - from! + 1 }, (_, at) => from! + at));
  }
  const owner = `nawaab.owner=${process.pid}@${hostname()}`;

  /** A connection of somebody who says nothing. */
  function openSocket({ connect }: Cluster) {
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    let open = true;
    connect(0, createSeededRandom(1)).open(socketPath, {
      opened: opened.resolve,
      message: () => {},
      closed: () => {
        open = false;
        closed.resolve();
        opened.reject(new Error('could not be opened'));
      },
    });
    return opened.promise.then(() => ({ isOpen: () => open, closed: closed.promise }));
  }

  const ownServer = new RegExp(`^/nawaab-${process.pid}-.*-s1$`);
  /** 15 s where nothing else runs; other tests keep the cores busy meanwhile. */
  const startMsMax = 45_000;
  const backMsMax = 20_000;

  it('starts three servers in time, two clusters beside each other, and shows what each container uses', async () => {
    const fromMs = performance.now();
    const servers = [{ memoryMiB: 256 }, { cpuShare: 0.5 }, {}];
    const highest = engine.cpus - 1;
    const cores = { database: '0', balancers: `${highest}`, servers: `0-${highest}` };
    await containersBackend.run(orderOf({ servers, cores }), async (cluster) => {
      expect(performance.now() - fromMs).toBeLessThan(startMsMax);
      await containersBackend.run(orderOf({ servers: [{}], balancers: 2 }), async (other) => {
        expect(other.endpoints).toHaveLength(2);
        await Promise.all([chat(cluster), chat(other)]);
      });
      const stored: StoredMessage[] = [];
      for await (const message of cluster.stored()) stored.push(message);
      expect(stored).toMatchObject([{ sender: 'alice' }]);
      const samples = await cluster.sample();
      expect(samples.map(({ name, role }) => `${role} ${name}`)).toEqual([
        ...['server s1', 'server s2', 'server s3', 'balancer b1', 'database database'],
      ]);
      for (const sample of samples) {
        expect(sample.cpuMicros).toBeGreaterThan(0);
        expect(sample.rssBytes).toBeGreaterThan(10_000_000);
        expect(sample.receivedBytesPerSec).toBeGreaterThan(0);
        expect(sample.throttledFraction).toBeGreaterThanOrEqual(0);
      }
      expect(samples[0]).toMatchObject({ sessions: expect.any(Number), inFlight: expect.any(Number) });
      const first = (await engine.docker.listContainers()).find(({ Names }) => ownServer.test(Names[0] ?? ''));
      const { HostConfig } = await engine.docker.getContainer(first!.Id).inspect();
      const used = await Promise.all(['database', 'b1', 's1', 's2', 's3'].map(coresOf));
      expect(used).toEqual([[0], [highest], ...servers.map(() => Array.from({ length: engine.cpus }, (_, at) => at))]);
      expect(HostConfig).toMatchObject({ NanoCpus: 1e9, Memory: 256 * 1024 ** 2 });
    });
  });

  it('proves each fault of a server by measurement', async () => {
    await containersBackend.run(orderOf({ servers: [{}, { cpuShare: 0.5 }] }), async (cluster) => {
      const paused = await cluster.apply({ kind: 'pause', server: 's1' });
      expect(paused).toMatchObject({
        effective: true,
        proof: expect.stringMatching(/is paused and does not answer/),
      });
      expect((await cluster.sample())[0]).toMatchObject({ name: 's1', sessions: null });
      expect(await cluster.apply({ kind: 'resume', server: 's1' })).toMatchObject({ effective: true });
      const slowed = await cluster.apply({ kind: 'slow', server: 's1', cpuShare: 0.25 });
      expect(slowed).toMatchObject({
        effective: true,
        proof: expect.stringContaining('to 25 % of a core (wanted 25 %)'),
      });
      const resumed = await cluster.apply({ kind: 'resume', server: 's2' });
      expect(resumed).toMatchObject({ effective: true, proof: expect.stringContaining('quota of 0.5 cores') });
      const killed = await cluster.apply({ kind: 'kill', server: 's1' });
      expect(killed).toMatchObject({ effective: true, proof: expect.stringMatching(/SIGKILL.*refuses connections/) });
      expect((await cluster.sample())[0]).toMatchObject({ name: 's1', cpuFraction: 0, cpuMicros: null });
      await expect(cluster.apply({ kind: 'kill', server: 's1' })).rejects.toThrow('s1 is not running');
      const started = await cluster.apply({ kind: 'start', server: 's1' });
      expect(started).toMatchObject({ effective: true, proof: expect.stringContaining('was ready') });
      const drained = await cluster.apply({ kind: 'drain', server: 's2' });
      expect(drained).toMatchObject({ effective: true, proof: expect.stringContaining('exited with status 0') });
    });
  });

  it('proves faults of the database and of a balancer by measurement, and all goes on after each', async () => {
    await containersBackend.run(orderOf({ servers: [{}] }), async (cluster) => {
      for (const how of ['fast', 'kill'] as const) {
        const stopped = await cluster.apply({ kind: 'databaseStop', how });
        expect(stopped).toMatchObject({ effective: true, proof: expect.stringContaining('refuses connections') });
        expect((await cluster.sample()).at(-1)).toMatchObject({ name: 'database', cpuMicros: null });
        const started = await cluster.apply({ kind: 'databaseStart' });
        expect(started).toMatchObject({ effective: true, proof: expect.stringContaining('answered a query') });
      }
      const paused = await cluster.apply({ kind: 'databasePause' });
      expect(paused).toMatchObject({ effective: true, proof: expect.stringMatching(/is paused and answers no query/) });
      expect(await cluster.apply({ kind: 'databaseResume' })).toMatchObject({ effective: true });
      const killed = await cluster.apply({ kind: 'balancerKill', balancer: 'b1' });
      expect(killed).toMatchObject({ effective: true, proof: expect.stringMatching(/SIGKILL.*refuses connections/) });
      expect(await cluster.apply({ kind: 'balancerStart', balancer: 'b1' })).toMatchObject({ effective: true });
      await chat(cluster);
    });
  });

  it('takes a server off the network and disturbs links, each proved by a probe', async () => {
    const order = { ...orderOf({ servers: [{}] }), links: ['b1-s1', 's1-database'] };
    await containersBackend.run(order, async (cluster) => {
      const gone = await cluster.apply({ kind: 'disconnect', server: 's1' });
      expect(gone).toMatchObject({
        effective: true,
        proof: expect.stringMatching(/on 0 networks and does not answer/),
      });
      expect(await cluster.apply({ kind: 'reconnect', server: 's1' })).toMatchObject({ effective: true });
      const slow = { kind: 'linkSlow', delayMs: 40, jitterMs: 20, bytesPerSec: 50_000 } as const;
      const said = {
        linkSlow: /is slow: 16 questions were answered after .*after the fastest.*20 ms of jitter/,
        linkCut: /is cut: a question was not answered/,
        linkHalfOpen: /\([1-9]\d* connections\) has no far end: a question was not answered/,
        linkReset: /\([1-9]\d* connections\) is reset: a question broke off \(ECONNRESET\)/,
      };
      for (const link of order.links) {
        for (const [kind, proof] of Object.entries(said)) {
          const user = await openSocket(cluster);
          const disturbance = { ...(kind === 'linkSlow' ? slow : { kind }), link } as LinkFault;
          const disturbed = await cluster.apply(disturbance);
          expect(disturbed).toMatchObject({ effective: true, proof: expect.stringMatching(proof) });
          if (`${kind} ${link}` === 'linkReset b1-s1') await user.closed;
          else expect(user.isOpen()).toBe(true);
          expect(await cluster.apply({ kind: 'linkOpen', link })).toMatchObject({ effective: true });
        }
        // Where the old connections are lost, the parties find out and make new ones.
        expect(await waitUntil(() => chat(cluster).then(() => true), backMsMax)).toBe(true);
      }
    });
  });

  it('ends the run when a container dies that no fault has ended, and says which, how and where to look', async () => {
    const logs = mkdtempSync(join(tmpdir(), 'logs-test-'));
    const run = containersBackend.run({ ...orderOf({ servers: [{}] }), logDirectory: logs }, async (cluster) => {
      const [container] = await engine.docker.listContainers({ filters: { label: ['nawaab.part=s1'] } });
      await engine.docker.getContainer(container!.Id).kill({ signal: 'SIGKILL' });
      await new Promise((_, reject) => cluster.signal.addEventListener('abort', reject));
    });
    const problem: unknown = await run.catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect((problem as Problem).message).toMatch(/s1 \(container \w+\) was killed by SIGKILL\. Its log is .*s1\.log/);
    expect((problem as Problem).message).toContain('"kind":"ready"');
    expect(readFileSync(join(logs, 'database.log'), 'utf8')).toContain('ready to accept connections');
    rmSync(logs, { recursive: true });
  });

  it('leaves nothing when the start fails, when the work fails and when the run is given up', async () => {
    const bad = containersBackend.run(orderOf({ servers: [{}], server: { batchSizeMax: -1 } }), async () => {});
    await expect(bad).rejects.toThrow(/s1 .*did not start.*batchSizeMax/s);
    const giveUp = new AbortController();
    setTimeout(() => giveUp.abort(new Error('given up')), 600);
    await expect(containersBackend.run(orderOf({}, giveUp.signal), async () => {})).rejects.toThrow('given up');
    const failed = containersBackend.run(orderOf({ servers: [{}] }), () => Promise.reject(new Error('work failed')));
    await expect(failed).rejects.toThrow('work failed');
  });

  it('removes what a laboratory that was killed has left', async () => {
    const module = (path: string) => JSON.stringify(import.meta.resolve(`../../../src/${path}`));
    const script = `
      import { containersBackend } from ${module('sim/backends/containers/index.ts')};
      import { clusterSpec } from ${module('sim/scenario.ts')};
      const order = { spec: clusterSpec.parse({ servers: [{}] }), seed: 1, logDirectory: null, log: { write() {} } };
      await containersBackend.run({ ...order, signal: new AbortController().signal }, async () => {
        console.log('running');
        await new Promise(() => {});
      });`;
    const laboratory = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(laboratory, 'exit');
    await once(createInterface({ input: laboratory.stdout }), 'line');
    const prefix = `nawaab-${laboratory.pid}-`;
    await removeLeftovers(engine.docker, quietLog);
    expect(await left(prefix)).toHaveLength(4);
    laboratory.kill('SIGKILL');
    await exited;
    await removeLeftovers(engine.docker, quietLog);
    expect(await left(prefix)).toEqual([]);
  });
});
