import { startBalancer } from '../../adapters/balancer-node.ts';
import { createSystemClock } from '../../adapters/system-clock.ts';
import type { Log } from '../../ports.ts';
import type { ServerId } from '../../protocol/ids.ts';
import { given } from '../given.ts';
import type { Running } from './life.ts';
import type { BalancerProcessSettings } from './settings.ts';

/** One balancer in this process. Rejects with a `Problem` when it cannot listen or the strategy is not known. */
export async function startBalancerProcess(settings: BalancerProcessSettings, log: Log): Promise<Running> {
  const { host, port, strategy, probeMs, seed, web, demo, tls } = settings;
  const balancer = await startBalancer({
    host,
    port,
    strategy,
    probeMs,
    servers: settings.servers.map((server) => ({ ...server, id: server.id as ServerId })),
    ...given({ seed, web, demo, tls }),
    log,
    clock: createSystemClock(),
  });
  return { port: balancer.port, stop: () => balancer.stop() };
}
