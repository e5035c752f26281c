import type { ComponentSample } from '../../../metrics/index.ts';
import {
  type Balancer,
  createBalancer,
  type Log,
  type Ms,
  type Random,
  type ServerId,
  type ServerStats,
} from '../../../system/index.ts';
import type { Packet } from './endpoint.ts';
import { createHop, type HopEnd, type LinkQuality } from './hop.ts';
import { createLinkQuality, type LinkSettings } from './link.ts';
import type { ServerNode } from './server-node.ts';
import { splice } from './splice.ts';
import { createProcess, type VirtualProcess } from './virtual-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import { createVirtualVitals } from './virtual-vitals.ts';

export interface BalancerNodeOrder {
  readonly time: VirtualTime;
  readonly name: string;
  readonly nodes: readonly ServerNode[];
  readonly strategy: string;
  readonly probeMs: Ms;
  readonly link: LinkSettings;
  readonly random: Random;
  readonly log: Log;
}

export interface BalancerNode {
  readonly name: string;
  readonly balancer: Balancer;
  /** A new connection from a process over a link. */
  dial(from: VirtualProcess, quality: LinkQuality): HopEnd<Packet>;
  sample(): ComponentSample;
}

export function createBalancerNode(order: BalancerNodeOrder): BalancerNode {
  const { time, name, nodes, random, log } = order;
  const process = createProcess(time, name);
  const links = new Map(
    nodes.map(({ id }) => [id, createLinkQuality(order.link, random.fork(`link:${name}-${id}`))] as const),
  );
  const nodeOf = (id: ServerId): ServerNode => nodes.find((node) => node.id === id)!;
  const balancer = createBalancer(
    {
      clock: process.clock,
      random: random.fork(name),
      log,
      probe: (server, timeoutMs) => probe({ process, node: nodeOf(server), quality: links.get(server)!, timeoutMs }),
    },
    {
      servers: nodes.map(({ id }) => ({ id, weight: 1 })),
      strategy: order.strategy,
      probeMs: order.probeMs,
    },
  );
  const vitals = createVirtualVitals(process, () => balancer.stats().connections);

  return {
    name,
    balancer,
    dial(from, quality) {
      const hop = createHop<Packet>(time, { left: from, right: process, quality });
      const world = {
        time,
        process,
        balancer,
        door: (id: ServerId) => nodeOf(id).door,
        quality: (id: ServerId) => links.get(id)!,
      };
      splice(world, hop.right);
      return hop.left;
    },
    sample: () => ({
      tMs: time.clock.now(),
      name,
      role: 'balancer',
      ...vitals.sample(),
      sessions: balancer.stats().connections,
      acceptedPerSec: null,
      deliveredPerSec: null,
      inFlight: null,
    }),
  };
}

// ---

/** There and back, or a rejection: at once when no server runs there, after `timeoutMs` when it does not answer. */
function probe(order: {
  process: VirtualProcess;
  node: ServerNode;
  quality: LinkQuality;
  timeoutMs: Ms;
}): Promise<ServerStats> {
  const { process, node, quality, timeoutMs } = order;
  return new Promise((resolve, reject) => {
    const cancel = process.clock.after(timeoutMs, () =>
      reject(new Error(`${node.id} did not answer in ${timeoutMs} ms.`)),
    );
    const answer = (run: () => void): void => {
      process.clock.after(quality.latencyMs(), () => {
        cancel();
        run();
      });
    };
    process.clock.after(quality.latencyMs(), () => {
      if (!node.door?.listening) return answer(() => reject(new Error(`${node.id} refused the connection.`)));
      void node.probe().then((stats) => answer(() => resolve(stats)));
    });
  });
}
