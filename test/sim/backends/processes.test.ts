import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import type { StoredMessage } from '../../../src/sim/backends/backend.ts';
import { liftedInWords, noUseLimits } from '../../../src/sim/backends/lifted-limits.ts';
import { processesBackend } from '../../../src/sim/backends/processes/index.ts';
import { folderPrefix, removeLeftovers } from '../../../src/sim/backends/processes/leftovers.ts';
import { readChildren, readCommand } from '../../../src/sim/backends/processes/proc.ts';
import { relaxationsOf, splitSettings } from '../../../src/sim/backends/processes/settings.ts';
import { Problem } from '../../../src/sim/problem.ts';
import { parseServerSettings } from '../../../src/system/index.ts';
import { chat, quietLog as log, orderOf } from '../../helpers/backend-cluster.ts';
import { allGone, processesWith } from '../../helpers/processes.ts';

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`${folderPrefix}${process.pid}-`));
afterEach(() => {
  expect(processesWith(join(tmpdir(), `${folderPrefix}${process.pid}-`))).toEqual([]);
  expect(folders()).toEqual([]);
});

describe.skipIf(process.platform !== 'linux')('the processes backend', { timeout: 120_000 }, () => {
  it('runs a cluster whose messages can be read back and whose effort can be seen', async () => {
    await processesBackend.run(orderOf({ servers: [{}, {}], balancers: 2 }), async (cluster) => {
      expect(cluster.servers).toEqual(['s1', 's2']);
      expect(cluster.endpoints).toHaveLength(2);
      await chat(cluster);
      const stored: StoredMessage[] = [];
      for await (const message of cluster.stored()) stored.push(message);
      const numbers = { conversation: expect.any(Number), seq: expect.any(Number), clientId: expect.any(Number) };
      expect(stored).toEqual([{ ...numbers, sender: 'alice', payload: '' }]);
      for await (const { payload } of cluster.stored({ payloads: true })) expect(payload).not.toBe('');
      const samples = await cluster.sample();
      expect(samples.map(({ name, role }) => `${role} ${name}`)).toEqual([
        'server s1',
        'server s2',
        'balancer b1',
        'balancer b2',
        'database database',
      ]);
      for (const sample of samples) {
        expect(sample.cpuMicros).toBeGreaterThan(0);
        expect(sample.cpuFraction).toBeGreaterThanOrEqual(0);
        expect(sample.rssBytes).toBeGreaterThan(10_000_000);
      }
      const [server] = samples;
      expect(server).toMatchObject({ sessions: expect.any(Number), inFlight: expect.any(Number) });
    });
  });

  it('proves each fault by measurement', async () => {
    await processesBackend.run(orderOf({ servers: [{}, { cpuShare: 0.5 }] }), async (cluster) => {
      const paused = await cluster.apply({ kind: 'pause', server: 's1' });
      expect(paused).toMatchObject({ effective: true, proof: expect.stringContaining('is stopped and used 0 %') });
      const [sampled] = await cluster.sample();
      expect(sampled).toMatchObject({ name: 's1', sessions: null });
      expect(await cluster.apply({ kind: 'resume', server: 's1' })).toMatchObject({ effective: true });
      const slowed = await cluster.apply({ kind: 'slow', server: 's1', cpuShare: 0.25 });
      expect(slowed).toMatchObject({ effective: true, proof: expect.stringContaining('(wanted 25 %)') });
      const killed = await cluster.apply({ kind: 'kill', server: 's1' });
      expect(killed).toMatchObject({ effective: true, proof: expect.stringMatching(/SIGKILL.*refuses connections/) });
      expect((await cluster.sample())[0]).toMatchObject({ name: 's1', cpuFraction: 0, cpuMicros: null });
      await expect(cluster.apply({ kind: 'kill', server: 's1' })).rejects.toThrow('s1 is not running');
      const started = await cluster.apply({ kind: 'start', server: 's1' });
      expect(started).toMatchObject({ effective: true, proof: expect.stringContaining('was ready') });
      const drained = await cluster.apply({ kind: 'drain', server: 's2' });
      expect(drained).toMatchObject({ effective: true, proof: expect.stringContaining('exited with status 0') });
      expect(drained.atMs).toBeGreaterThan(started.atMs);
    });
  });

  it('proves faults of the database and of a balancer by measurement, and all goes on after each', async () => {
    await processesBackend.run(orderOf({ servers: [{}] }), async (cluster) => {
      for (const how of ['fast', 'kill'] as const) {
        const stopped = await cluster.apply({ kind: 'databaseStop', how });
        expect(stopped).toMatchObject({
          effective: true,
          proof: expect.stringMatching(/^0 of \d+ .*refuses connections/),
        });
        expect((await cluster.sample()).at(-1)).toMatchObject({ name: 'database', cpuMicros: null });
        const started = await cluster.apply({ kind: 'databaseStart' });
        expect(started).toMatchObject({ effective: true, proof: expect.stringContaining('answered a query') });
      }
      const paused = await cluster.apply({ kind: 'databasePause' });
      expect(paused).toMatchObject({ effective: true, proof: expect.stringMatching(/are stopped and used 0 %/) });
      expect(await cluster.apply({ kind: 'databaseResume' })).toMatchObject({ effective: true });
      const killed = await cluster.apply({ kind: 'balancerKill', balancer: 'b1' });
      expect(killed).toMatchObject({ effective: true, proof: expect.stringMatching(/SIGKILL.*refuses connections/) });
      expect(await cluster.apply({ kind: 'balancerStart', balancer: 'b1' })).toMatchObject({ effective: true });
      await chat(cluster);
      await expect(cluster.apply({ kind: 'balancerKill', balancer: 'b9' })).rejects.toThrow('no balancer "b9"');
    });
  });

  it('disturbs the links that were asked for, each proved by a probe, and all goes on afterwards', async () => {
    const order = { ...orderOf({ servers: [{}] }), links: ['b1-s1', 's1-database'] };
    await processesBackend.run(order, async (cluster) => {
      for (const link of order.links) {
        const slow = { kind: 'linkSlow', link, delayMs: 40, jitterMs: 5, bytesPerSec: 50_000 } as const;
        const disturbances = [
          slow,
          ...(['linkCut', 'linkHalfOpen', 'linkReset'] as const).map((kind) => ({ kind, link })),
        ];
        for (const disturbance of disturbances) {
          expect(await cluster.apply(disturbance)).toMatchObject({ effective: true });
          expect(await cluster.apply({ kind: 'linkOpen', link })).toMatchObject({ effective: true });
        }
      }
      await chat(cluster);
      await expect(cluster.apply({ kind: 'linkCut', link: 'b1-s9' })).rejects.toThrow('no link "b1-s9"');
      await expect(cluster.apply({ kind: 'disconnect', server: 's1' })).rejects.toThrow('--backend containers');
    });
  });

  it('stops everything when the work fails, and when the run is given up', async () => {
    const failed = processesBackend.run(orderOf({ servers: [{}] }), () => Promise.reject(new Error('work failed')));
    await expect(failed).rejects.toThrow('work failed');
    const giveUp = new AbortController();
    const abandoned = processesBackend.run(orderOf({ servers: [{}] }, giveUp.signal), async (cluster) => {
      await cluster.apply({ kind: 'pause', server: 's1' });
      giveUp.abort(new Error('given up'));
      expect(cluster.signal.aborted).toBe(true);
      await new Promise(() => {});
    });
    await expect(abandoned).rejects.toThrow('given up');
  });

  it('ends the run when a part of the cluster dies that no fault has ended, and says which, how and where to look', async () => {
    const kept = mkdtempSync(join(tmpdir(), 'logs-test-'));
    const parts = [
      { name: 'b1', command: 'main.ts\0balancer', logged: 'server healthy' },
      { name: 'database', command: 'postgres\0-D', logged: 'ready to accept connections' },
    ];
    for (const { name, command, logged } of parts) {
      const order = { ...orderOf({ servers: [{}] }), logDirectory: kept };
      const run = processesBackend.run(order, async (cluster) => {
        const pid = readChildren(process.pid).find((child) => readCommand(child)?.includes(command));
        process.kill(pid!, 'SIGKILL');
        // What users meet first is a broken connection; the reason is the death behind it.
        await new Promise((_, reject) => cluster.signal.addEventListener('abort', reject));
      });
      const problem: unknown = await run.catch((error: unknown) => error);
      expect(problem).toBeInstanceOf(Problem);
      expect((problem as Problem).message).toMatch(new RegExp(`${name} \\(process \\d+\\) was killed by SIGKILL`));
      expect((problem as Problem).message).toContain(join(kept, `${name}.log`));
      expect((problem as Problem).message).toContain(logged);
    }
    rmSync(kept, { recursive: true });
  });

  it('leaves no process when the laboratory is killed while a server stands still, and the next run removes its folder', async () => {
    const module = (path: string) => JSON.stringify(import.meta.resolve(`../../../src/${path}`));
    const script = `
      import { processesBackend } from ${module('sim/backends/processes/index.ts')};
      import { clusterSpec } from ${module('sim/scenario.ts')};
      const order = { spec: clusterSpec.parse({ servers: [{}] }), seed: 1, logDirectory: null, log: { write() {} } };
      await processesBackend.run({ ...order, signal: new AbortController().signal }, async (cluster) => {
        const { effective } = await cluster.apply({ kind: 'pause', server: 's1' });
        console.log(effective ? 'paused' : 'not paused');
        await new Promise(() => {});
      });`;
    const laboratory = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(laboratory, 'exit');
    const [line] = await once(createInterface({ input: laboratory.stdout }), 'line');
    const children = readChildren(laboratory.pid!);
    laboratory.kill('SIGKILL');
    expect(line).toBe('paused');
    expect(children.length).toBeGreaterThanOrEqual(4);
    await allGone(children, 30_000);
    await exited;
    const home = readdirSync(tmpdir()).find((name) => name.startsWith(`${folderPrefix}${laboratory.pid}-`));
    await removeLeftovers(log);
    expect(processesWith(join(tmpdir(), home!))).toEqual([]);
    expect(readdirSync(tmpdir())).not.toContain(home);
  });

  it('removes what a laboratory that was killed has left', async () => {
    const root = mkdtempSync(join(tmpdir(), 'leftover-test-'));
    const gone = join(root, `${folderPrefix}999999999-abc`);
    const own = join(root, `${folderPrefix}${process.pid}-abc`);
    for (const folder of [gone, own]) mkdirSync(join(folder, 'database', 'data'), { recursive: true });
    await removeLeftovers(log, root);
    expect(readdirSync(root)).toEqual([`${folderPrefix}${process.pid}-abc`]);
    rmSync(root, { recursive: true });
  });
});

describe('settings of a laboratory server', () => {
  it('are those of the scenario over cheap hashes and no rate limit', () => {
    const { serverSettings, hashCost } = splitSettings({ batchWaitMs: 2, hashPasses: 3, signInPerMinutePerName: 5 });
    expect(hashCost).toEqual({ memoryKiB: 8, passes: 3 });
    expect(serverSettings).toMatchObject({ batchWaitMs: 2, signInPerMinutePerName: 5 });
    expect(serverSettings).not.toHaveProperty('hashPasses');
  });

  it('lift every limit on what one user or address may use, unless the scenario sets it, and say so', () => {
    const { serverSettings } = splitSettings({ sendsPerSecPerUser: 7 });
    const strict = Object.keys(noUseLimits).filter((name) => Number(serverSettings[name]) < 1_000_000);
    expect(strict).toEqual(['sendsPerSecPerUser']);
    expect(() => parseServerSettings(serverSettings)).not.toThrow();
    expect(liftedInWords({})).toMatch(/one user or address are lifted\.$/);
    expect(liftedInWords({ sendsPerSecPerUser: 7, batchWaitMs: 1 })).toMatch(/lifted, but for sendsPerSecPerUser\.$/);
  });

  it('are told to the reader of a report, with what a password costs', () => {
    expect(relaxationsOf({ batchWaitMs: 2 })).toEqual([
      expect.stringContaining('argon2id at its lowest cost'),
      expect.stringContaining('Limits on sign-ups and sign-ins are lifted'),
    ]);
    expect(relaxationsOf({ hashPasses: 3 })).toEqual([
      'Passwords are hashed with argon2id at 0.01 MiB, 3 passes, 1 lane.',
      expect.stringContaining('sign-ins are lifted'),
    ]);
    expect(relaxationsOf({ hashMemoryKiB: 19_456, hashPasses: 2, signInPerMinutePerName: 5 })).toEqual([
      'Passwords are hashed with argon2id at 19 MiB, 2 passes, 1 lane, as in production.',
    ]);
  });
});
