/**
 * Direct messages through the balancer, three servers and PostgreSQL (fsync on), everything on this machine: 5,000 a second for 15 s, accepted,
 * delivered, acked and checked; then the knee, the highest rate in steps of 1,000 that keeps p99 delivery under 250 ms and loses nothing.
 * Options: `--rate N` (5000), `--seconds N` (15), `--users N` (1000), `--no-knee`, `--no-history`, `--wait MS`
 * (a server's `batchWaitMs`).
 */
import { parseArgs } from 'node:util';
import type { FinishedRun } from '../src/metrics/index.ts';
import { printFigures, rounded, runOnce } from './support/run-once.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '15' },
    users: { type: 'string', default: '1000' },
    'no-knee': { type: 'boolean', default: false },
    'no-history': { type: 'boolean', default: false },
    wait: { type: 'string', default: '' },
  },
});

const sloP99Ms = 250;
const kneeSeconds = 6;
const kneeStep = 1000;
const kneeMax = 30_000;

const main: FinishedRun = await measure(Number(values.rate), Number(values.seconds));
console.log(`${values.rate}/s: ${describe(main)}`);
const kneePerSec = values['no-knee'] ? null : await findKnee();
printFigures({
  users: Number(values.users),
  offeredPerSec: rounded(main.summary.rates.offered, 0),
  acceptedPerSec: rounded(main.summary.rates.accepted, 0),
  deliveredPerSec: rounded(main.summary.rates.delivered, 0),
  deliveryP50Ms: rounded(main.summary.latency.delivery.p50),
  deliveryP99Ms: rounded(main.summary.latency.delivery.p99),
  deliveryP999Ms: rounded(main.summary.latency.delivery.p999),
  acceptedP99Ms: rounded(main.summary.latency.accepted.p99),
  lost: main.summary.counts.lost,
  duplicated: main.summary.counts.duplicated,
  reordered: main.summary.counts.reordered,
  cpuUsPerMessage: main.summary.cpuUsPerMessage,
  instrument: main.summary.instrument.state,
  slipP99Ms: rounded(main.summary.instrument.slipP99Ms),
  kneePerSec,
});

// ---

function measure(perSec: number, seconds: number): Promise<FinishedRun> {
  return runOnce({
    name: 'bench-throughput',
    description: `${perSec} direct messages a second between ${values.users} users in pairs.`,
    users: Number(values.users),
    cluster: { server: values.wait === '' ? {} : { batchWaitMs: Number(values.wait) } },
    topology: { kind: 'pairs' },
    pace: { kind: 'constant', perSec },
    rampMs: 2000,
    warmupMs: 4000,
    measureMs: seconds * 1000,
    drainMs: 20_000,
    history: !values['no-history'],
  });
}

async function findKnee(): Promise<number> {
  let knee = holds(main) ? Number(values.rate) : 0;
  let perSec = knee === 0 ? kneeStep : knee + kneeStep;
  for (; perSec <= kneeMax; perSec += kneeStep) {
    const run = await measure(perSec, kneeSeconds);
    console.log(`${perSec}/s: ${describe(run)}`);
    if (!holds(run)) break;
    knee = perSec;
  }
  return knee;
}

function holds({ summary }: FinishedRun): boolean {
  const { p99 } = summary.latency.delivery;
  const complete = summary.rates.delivered >= 0.99 * summary.rates.offered;
  return (
    p99 !== null && p99 < sloP99Ms && complete && summary.counts.lost === 0 && summary.instrument.state !== 'INVALID'
  );
}

function describe({ summary }: FinishedRun): string {
  const { delivery } = summary.latency;
  return `delivered ${rounded(summary.rates.delivered, 0)}/s, p50 ${rounded(delivery.p50)} ms, p99 ${rounded(delivery.p99)} ms, lost ${summary.counts.lost}, instrument ${summary.instrument.state}`;
}
