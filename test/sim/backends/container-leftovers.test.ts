import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type Engine, findEngine } from '../../../src/sim/backends/containers/engine.ts';
import { clusterLabel } from '../../../src/sim/backends/containers/identity.ts';
import { imageNames, systemImage } from '../../../src/sim/backends/containers/image.ts';
import { containersBackend } from '../../../src/sim/backends/containers/index.ts';
import { removeLeftovers } from '../../../src/sim/backends/containers/leftovers.ts';
import { waitUntil } from '../../../src/sim/backends/processes/proof.ts';
import { orderOf, quietLog } from '../../helpers/backend-cluster.ts';
import { describeContainers } from '../../helpers/containers.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

describeContainers('containers and networks', 120_000, () => {
  const reportsRoot = mkdtempSync(join(tmpdir(), 'leftovers-test-'));
  let engine: Engine;
  beforeAll(async () => {
    engine = await findEngine();
    await systemImage(engine, quietLog);
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => rmSync(reportsRoot, { recursive: true }));

  /** The states of a laboratory's containers, and how many networks it has. */
  async function leftOf(pid: number): Promise<{ containers: readonly string[]; networks: number }> {
    const filters = { label: [clusterLabel] };
    const own = `nawaab-${pid}-`;
    const containers = await engine.docker.listContainers({ all: true, filters });
    const networks = await engine.docker.listNetworks({ filters });
    return {
      containers: containers.filter(({ Names }) => Names[0]!.startsWith(`/${own}`)).map(({ State }) => State),
      networks: networks.filter(({ Name }) => Name.startsWith(own)).length,
    };
  }
  const nothing = { containers: [], networks: 0 };

  function laboratory(): { child: ChildProcess; pid: number; exit: Promise<unknown[]> } {
    const words = 'run steady-chat --backend containers --seed 1 --users 4 --duration 60s --headless';
    const command = [join(root, 'bin', 'nawaab.js'), ...words.split(' '), '--reports', reportsRoot];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'ignore'] });
    return { child, pid: child.pid!, exit: once(child, 'exit') };
  }
  const until = async (question: () => Promise<boolean>) => expect(await waitUntil(question, 30_000)).toBe(true);

  it('are gone after a Ctrl-C while the cluster is being started', async () => {
    const { child, pid, exit } = laboratory();
    await until(async () => (await leftOf(pid)).containers.length > 0);
    // Nobody else's start sweeps away what is not ready yet.
    await removeLeftovers(engine.docker, quietLog);
    expect((await leftOf(pid)).containers).not.toEqual([]);
    child.kill('SIGINT');
    expect(await exit).toEqual([130, null]);
    expect(await leftOf(pid)).toEqual(nothing);
  });

  it('are gone after a Ctrl-C while the users are there', async () => {
    const { child, pid, exit } = laboratory();
    for await (const text of child.stdout!) if (String(text).includes('cluster started in')) break;
    expect((await leftOf(pid)).containers).toHaveLength(5);
    child.kill('SIGINT');
    expect(await exit).toEqual([130, null]);
    expect(await leftOf(pid)).toEqual(nothing);
  });

  it('are gone after a start that failed, and it says why: an image that nobody has, a database that ends at once', async () => {
    vi.stubEnv('NAWAAB_POSTGRES_IMAGE', 'localhost:1/nawaab-none:1');
    const missing = containersBackend.run(orderOf({ servers: [{}] }), async () => {});
    await expect(missing).rejects.toThrow(/database .* its image localhost:1\/nawaab-none:1 is not on this machine/);
    expect(await leftOf(process.pid)).toEqual(nothing);
    vi.unstubAllEnvs();

    const repo = `nawaab-broken-${process.pid}`;
    const source = await engine.docker.createContainer({ Image: imageNames().postgres });
    await source.commit({ repo, tag: '1', changes: 'ENTRYPOINT ["sh", "-c", "echo not today; exit 3"]' });
    await source.remove({ v: true });
    try {
      vi.stubEnv('NAWAAB_POSTGRES_IMAGE', `${repo}:1`);
      const broken = containersBackend.run(orderOf({ servers: [{}] }), async () => {});
      await expect(broken).rejects.toThrow(/database .* exited with status 3\. .*\n {2}not today/);
      expect(await leftOf(process.pid)).toEqual(nothing);
    } finally {
      await engine.docker.getImage(`${repo}:1`).remove();
    }
  });
});
