import { execFile, execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findEngine } from '../../../src/sim/backends/containers/engine.ts';
import { systemImage } from '../../../src/sim/backends/containers/image.ts';
import { waitUntil } from '../../../src/sim/backends/processes/proof.ts';
import { createSystemClock, createWsTransport, freePorts, serversFound } from '../../../src/system/node.ts';
import { chat, quietLog } from '../../helpers/backend-cluster.ts';
import { describeContainers, loudly } from '../../helpers/containers.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

/** `docker compose`, or the older program of its own. */
const compose = [['docker', 'compose'], ['docker-compose']].find(([program, ...words]) => {
  try {
    execFileSync(program!, [...words, 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
const lack = compose ? null : 'compose is missing: apt-get install docker-compose, or the compose plugin of Docker.';
if (lack !== null) loudly(lack);

describeContainers('compose.yaml', 120_000, () => {
  it.skipIf(lack !== null)(
    'runs the system by itself: people get the web client from its balancer, and talk to each other through it',
    async () => {
      const image = await systemImage(await findEngine(), quietLog);
      const [port] = await freePorts(1, '127.0.0.1');
      const project = `nawaab-compose-${process.pid}`;
      const env = {
        ...process.env,
        NAWAAB_SYSTEM_IMAGE: image.name,
        NAWAAB_PORT: String(port),
        POSTGRES_PASSWORD: 'secret',
      };
      const [program, ...words] = compose!;
      const run = (...command: string[]) =>
        promisify(execFile)(program!, [...words, '-p', project, ...command], { cwd: root, env });
      try {
        await run('up', '-d', '--no-build');
        const origin = `http://127.0.0.1:${port}`;
        await serversFound({ name: 'b1', origin });
        const page = await fetch(origin, { headers: { 'sec-fetch-mode': 'navigate' } });
        expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
        const clock = createSystemClock();
        await chat({ clock, connect: () => createWsTransport({ origin }) });
        const healthy = async () => (await run('ps')).stdout.match(/healthy/g)?.length ?? 0;
        expect(await waitUntil(async () => (await healthy()) === 5, 20_000)).toBe(true);
      } finally {
        await run('down', '-v', '-t', '5');
      }
    },
  );
});
