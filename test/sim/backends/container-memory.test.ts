import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRunDirectory } from '../../../src/metrics/index.ts';
import { type Engine, findEngine } from '../../../src/sim/backends/containers/engine.ts';
import { containersBackend } from '../../../src/sim/backends/containers/index.ts';
import { runScenario } from '../../../src/sim/engine/run.ts';
import { parseScenario } from '../../../src/sim/load-scenario.ts';
import { orderOf, quietLog } from '../../helpers/backend-cluster.ts';
import { describeContainers } from '../../helpers/containers.ts';

describeContainers('a server that uses up the memory of its quota', 120_000, () => {
  const reportsRoot = mkdtempSync(join(tmpdir(), 'memory-test-'));
  let engine: Engine;
  beforeAll(async () => {
    engine = await findEngine();
  });
  afterAll(() => rmSync(reportsRoot, { recursive: true }));

  /** Memory that no process can be killed for, so that the kernel takes the largest: the server. */
  async function fillMemory(part: string): Promise<void> {
    const filters = { label: [`nawaab.part=${part}`, `nawaab.owner=${process.pid}@${hostname()}`] };
    const [found] = await engine.docker.listContainers({ filters });
    const exec = await engine.docker
      .getContainer(found!.Id)
      .exec({ Cmd: ['sh', '-c', 'cat /dev/zero >/dev/shm/full'] });
    await exec.start({ Detach: true });
  }

  it('is ended by the kernel; the others go on, and the run has failed and says why', async () => {
    const scenario = parseScenario(
      {
        name: 'memory',
        description: 'Pairs talk on a small server and another.',
        cluster: { servers: [{ memoryMiB: 96 }, {}], strategy: 'round-robin' },
        users: 10,
        pace: { kind: 'constant', perSec: 20 },
        rampMs: 100,
        warmupMs: 0,
        measureMs: 3000,
      },
      'memory',
    );
    let filled: Promise<void> | null = null;
    const active = new Set<string>();
    const { record, summary } = await runScenario({
      scenario,
      seed: 1,
      id: 'one',
      backend: containersBackend,
      directory: createRunDirectory(reportsRoot, 'memory', 'one'),
      again: '',
      workers: 1,
      log: quietLog,
      signal: new AbortController().signal,
      watch: ({ phase, faults }) => {
        if (phase === 'measure') filled ??= fillMemory('s1');
        for (const fault of faults) active.add(fault);
      },
    });
    await filled;
    const words = /^s1 \(container \w+\) was killed: out of memory \(quota 96 MiB\): give it a larger memoryMiB/;
    expect(record).toMatchObject({
      complete: true,
      losses: [{ part: 's1', words: expect.stringMatching(words) }],
    });
    expect(record.losses![0]!.atMs).toBeGreaterThan(0);
    expect(summary.verdict).toBe('fail');
    expect(summary.reasons).toContainEqual(expect.stringMatching(/^at \d+\.\d s s1 .* was killed: out of memory/));
    expect([...active]).toEqual(['s1 out of memory']);
    // Those who were on it have found the other, and nothing that was accepted is lost.
    expect(summary.checks.filter(({ result }) => result === 'fail')).toEqual([]);
    expect(record.start).toMatchObject({ tookMs: expect.any(Number), image: expect.anything() });
    expect(record.notes).toContainEqual(expect.stringMatching(/^The cluster started in \d+\.\d s; its image was /));
  });

  it('does not start where not even its program has room, and says so', async () => {
    const order = orderOf({ servers: [{}, {}] });
    const spec = { ...order.spec, servers: [{ cpuShare: 1, memoryMiB: 20 }, { cpuShare: 1 }] };
    const run = containersBackend.run({ ...order, spec }, async () => {});
    await expect(run).rejects.toThrow(/^s1 .*did not start: it was killed: out of memory \(quota 20 MiB\): give it/);
  });
});
