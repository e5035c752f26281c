/**
 * The same encrypted chat on real processes with MLS and with its model, in turn: CPU for each delivered message of servers, balancer and
 * database, and the ratio of the two, which says whether runs with `modelled` tell the truth about servers.
 * Options: `--rate N` (60), `--seconds N` (10), `--users N` (60), `--rounds N` (3).
 */
import { parseArgs } from 'node:util';
import { type FinishedRun, median } from '../src/metrics/index.ts';
import { printFigures, rounded, runOnce } from './support/run-once.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '10' },
    users: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '3' },
  },
});

const roles = ['server', 'balancer', 'database', 'generator'] as const;
type Role = (typeof roles)[number];
type Encrypted = 'mls' | 'modelled';

const costs: Record<Encrypted, Record<Role, number>[]> = { mls: [], modelled: [] };
for (let round = 0; round < Number(values.rounds); round++) {
  // What the machine does meanwhile falls on both.
  const order: readonly Encrypted[] = round % 2 === 0 ? ['mls', 'modelled'] : ['modelled', 'mls'];
  for (const encryption of order) {
    const run = await measure(encryption);
    costs[encryption].push(costOf(run));
    console.log(`round ${round + 1}, ${encryption}: ${describe(run)}`);
  }
}
printFigures({
  users: Number(values.users),
  offeredPerSec: Number(values.rate),
  rounds: Number(values.rounds),
  cpuUsPerMessage: { mls: medians(costs.mls), modelled: medians(costs.modelled) },
  modelledOverMls: Object.fromEntries(roles.map((role) => [role, rounded(median(ratios(role)), 3)])),
});

// ---

function measure(encryption: Encrypted): Promise<FinishedRun> {
  return runOnce({
    name: `bench-encrypted-servers`,
    description: `Groups of ten write ${values.rate} messages a second, encrypted by ${encryption}.`,
    encryption,
    users: Number(values.users),
    topology: { kind: 'groups', count: Math.ceil(Number(values.users) / 8), size: 10 },
    pace: { kind: 'constant', perSec: Number(values.rate) },
    rampMs: 2000,
    warmupMs: 2000,
    measureMs: Number(values.seconds) * 1000,
    drainMs: 20_000,
  });
}

function costOf({ summary }: FinishedRun): Record<Role, number> {
  return Object.fromEntries(roles.map((role) => [role, summary.cpuUsPerMessage[role] ?? 0])) as Record<Role, number>;
}

function ratios(role: Role): number[] {
  return costs.mls.map((mls, round) => costs.modelled[round]![role] / mls[role]);
}

function medians(of: readonly Record<Role, number>[]): Record<string, number | null> {
  return Object.fromEntries(roles.map((role) => [role, rounded(median(of.map((cost) => cost[role])))]));
}

function describe({ summary }: FinishedRun): string {
  const { server, database, generator } = summary.cpuUsPerMessage;
  const told = [
    `servers ${rounded(server)} µs`,
    `database ${rounded(database)} µs`,
    `generator ${rounded(generator)} µs`,
  ];
  return `${told.join(', ')} for each message; delivered ${rounded(summary.rates.delivered, 0)}/s, ${summary.verdict}`;
}
