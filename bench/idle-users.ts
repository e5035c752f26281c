/**
 * Connected users who do nothing: 10,000 simulated users in one worker thread, each with a direct conversation, through two balancers (one process may
 * have 20,000 open files, and a balancer needs two for each user) to three servers. Prints the resident memory that each costs the generator, and how
 * many connect a second. Options: `--users N` (10000), `--balancers N` (2).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Cluster } from '../src/sim/backends/backend.ts';
import { backends } from '../src/sim/backends/index.ts';
import { parseScenario } from '../src/sim/load-scenario.ts';
import { type Crowd, sessionDefaults } from '../src/sim/users/crowd-contract.ts';
import { startCrowdWorkers } from '../src/sim/users/crowd-workers.ts';
import { runTag } from '../src/sim/users/names.ts';
import { createLog } from '../src/system/node.ts';
import { printFigures, rounded } from './support/run-once.ts';

const { values } = parseArgs({
  options: { users: { type: 'string', default: '10000' }, balancers: { type: 'string', default: '2' } },
});
const users = Number(values.users);
const seed = 1;
const settleMs = 5000;

const scenario = parseScenario(
  {
    name: 'bench-idle-users',
    description: 'Connected users who do nothing.',
    users,
    cluster: { balancers: Number(values.balancers) },
    topology: { kind: 'pairs' },
    pace: { kind: 'constant', perSec: 0 },
    rampMs: 0,
    history: false,
  },
  'bench-idle-users',
);

const directory = mkdtempSync(join(tmpdir(), 'nawaab-bench-'));
const log = createLog({ component: 'bench', level: 'warn' });
const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new Error('interrupted')));
try {
  const order = { spec: scenario.cluster, seed, logDirectory: join(directory, 'logs'), log, signal: controller.signal };
  printFigures(await backends.processes.run(order, measure));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

// ---

async function measure(cluster: Cluster): Promise<Record<string, unknown>> {
  const { clock, endpoints } = cluster;
  const [crowd] = startCrowdWorkers({
    scenario,
    seed,
    workers: 1,
    endpoints,
    directory,
    tag: runTag(seed),
    runStartMs: clock.now(),
    session: sessionDefaults,
    log,
  }) as [Crowd];
  try {
    const signUpMs = await timed(() => crowd.signUp());
    console.log(`${users} users signed up in ${rounded(signUpMs / 1000)} s`);
    await settle();
    const before = process.memoryUsage().rss;
    const connectMs = await timed(() => crowd.connect(clock.now()));
    console.log(`connected in ${rounded(connectMs / 1000)} s`);
    await crowd.openConversations();
    await settle();
    const after = process.memoryUsage().rss;
    const samples = await cluster.sample();
    return {
      users: crowd.totals().connected,
      rssPerUserKiB: rounded((after - before) / 1024 / users),
      rssPerUserWithProcessKiB: rounded(after / 1024 / users),
      connectPerSec: rounded(users / (connectMs / 1000), 0),
      signUpPerSec: rounded(users / (signUpMs / 1000), 0),
      disconnects: crowd.totals().disconnects,
      rssMiB: Object.fromEntries(samples.map(({ name, rssBytes }) => [name, rounded((rssBytes ?? 0) / 2 ** 20, 0)])),
    };
  } finally {
    await crowd.stop();
  }

  function settle(): Promise<void> {
    return new Promise((resolve) => clock.after(settleMs, resolve));
  }

  async function timed(work: () => Promise<void>): Promise<number> {
    const startMs = clock.now();
    await work();
    return clock.now() - startMs;
  }
}
