import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scopeClock } from '../../../system/index.ts';
import { createSystemClock, createWsTransport } from '../../../system/node.ts';
import { Problem } from '../../problem.ts';
import type { Cluster, ClusterOrder, PartLoss } from '../backend.ts';
import { partingMs, settled, unlessAborted } from '../live-work.ts';
import { folderPrefix, removeLeftovers as removeFolders } from '../processes/leftovers.ts';
import { readStored } from '../processes/stored.ts';
import { createSampling } from '../sampling.ts';
import { withCluster } from './cluster.ts';
import { findEngine } from './engine.ts';
import { createContainerFaults } from './faults.ts';
import { removeLeftovers } from './leftovers.ts';
import type { Part } from './part.ts';
import { watchedContainers } from './usage.ts';

/** Runs work against a cluster of containers; see `Backend.run`. */
export async function runInContainers<T>(given: ClusterOrder, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const clock = scopeClock(createSystemClock());
  const fromMs = clock.now();
  const engine = await findEngine();
  await removeLeftovers(engine.docker, given.log);
  await removeFolders(given.log);
  const broken = new AbortController();
  const breaks = (what: string) => {
    given.log.write('error', what);
    broken.abort(new Problem(`The run was ended because a part of its cluster died. ${what}`));
  };
  const order = { ...given, signal: AbortSignal.any([given.signal, broken.signal]) };
  const ownLogs = given.logDirectory === null ? await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`)) : null;
  const losses: PartLoss[] = [];
  const lost = ({ name }: Part, words: string) => {
    given.log.write('error', words);
    losses.push({ part: name, atMs: clock.now(), words });
  };
  const setting = { engine, order, logDirectory: given.logDirectory ?? ownLogs! };
  let working: Promise<unknown> = Promise.resolve();
  try {
    return await withCluster(setting, { breaks, lost }, async (parts) => {
      const { servers, balancers, databaseUrl, image } = parts;
      const endpoints = balancers.map(({ origin }) => origin);
      const result = work({
        clock,
        signal: order.signal,
        start: { tookMs: clock.now() - fromMs - (image.builtMs ?? 0), image },
        servers: servers.map(({ name }) => name),
        balancers: balancers.map(({ name }) => name),
        endpoints,
        connect: (index) => createWsTransport({ origin: endpoints[index % endpoints.length]! }),
        apply: createContainerFaults({ parts, clock, spec: order.spec, signal: order.signal }),
        losses: () => losses,
        sample: createSampling(watchedContainers(parts, clock), clock),
        stored: (options) => readStored(databaseUrl, options?.payloads),
      });
      working = result;
      return await unlessAborted(order.signal, result);
    });
  } finally {
    await settled(working, partingMs);
    clock.cancelAll();
    if (ownLogs !== null) await rm(ownLogs, { recursive: true, force: true });
  }
}
