import type { ComponentSample } from '../../../metrics/index.ts';
import {
  type Balancer,
  createBalancer,
  type Log,
  type Ms,
  type Random,
  type ServerId,
  type ServerStats,
  type Vitals,
} from '../../../system/index.ts';
import type { Packet } from './endpoint.ts';
import { createHop, type HopEnd, type LinkQuality } from './hop.ts';
import { createLinkQuality, type LinkSettings } from './link.ts';
import type { ServerNode } from './server-node.ts';
import { splice } from './splice.ts';
import type { VirtualLink } from './virtual-link.ts';
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
  /** How faults disturb the way to a server. */
  linkTo(server: ServerId): VirtualLink;
  /** From the program's start to the first connection, but for the first start. */
  readonly bootMs: Ms;
  readonly random: Random;
  readonly log: Log;
}

/** A balancer and the machine that it runs on; the machine outlives it. */
export interface BalancerNode {
  readonly name: string;
  readonly alive: boolean;
  readonly connections: number;
  /** Servers that it does not take for healthy; all while it is down. */
  readonly sick: number;
  /** A new connection from a process over a link; one that ends at once while the balancer is down. */
  dial(from: VirtualProcess, quality: LinkQuality): HopEnd<Packet>;
  kill(): void;
  /** Resolves when it takes connections. */
  start(): Promise<void>;
  /** Null while it is down. */
  sample(): ComponentSample | null;
}

export function createBalancerNode(order: BalancerNodeOrder): BalancerNode {
  const { time, name, nodes, random } = order;
  const links = new Map(
    nodes.map(({ id }) => [id, createLinkQuality(order.link, random.fork(`link:${name}-${id}`))] as const),
  );
  const nodeOf = (id: ServerId): ServerNode => nodes.find((node) => node.id === id)!;
  let life: Life | null = null;
  let lives = 0;

  function begin(): Life {
    lives++;
    const process = createProcess(time, name);
    const balancer = createBalancer(
      {
        clock: process.clock,
        random: random.fork(lives === 1 ? name : `${name} life:${lives}`),
        log: order.log,
        probe: (server, timeoutMs) =>
          probe({
            process,
            node: nodeOf(server),
            quality: links.get(server)!,
            link: order.linkTo(server),
            timeoutMs,
          }),
      },
      {
        servers: nodes.map(({ id }) => ({ id, weight: 1 })),
        strategy: order.strategy,
        probeMs: order.probeMs,
      },
    );
    return { process, balancer, vitals: createVirtualVitals(process, () => balancer.stats().connections) };
  }

  return {
    name,
    get alive() {
      return life !== null;
    },
    get connections() {
      return life?.balancer.stats().connections ?? 0;
    },
    get sick() {
      return life?.balancer.stats().servers.filter(({ healthy }) => !healthy).length ?? nodes.length;
    },
    dial(from, quality) {
      const right = life?.process ?? createProcess(time, name);
      const hop = createHop<Packet>(time, { left: from, right, quality });
      if (life === null) hop.right.cut();
      else {
        const { process, balancer } = life;
        const door = (id: ServerId) => nodeOf(id).door;
        const quality = (id: ServerId) => links.get(id)!;
        splice({ time, process, balancer, door, quality, link: order.linkTo }, hop.right);
      }
      return hop.left;
    },
    kill() {
      life?.process.kill();
      life = null;
    },
    async start() {
      if (life !== null) return;
      if (lives > 0) await new Promise<void>((resolve) => void time.clock.after(order.bootMs, resolve));
      life = begin();
      life.balancer.start();
    },
    sample: () => (life === null ? null : sampleOf(name, time.clock.now(), life)),
  };
}

// ---

/** From start to kill. */
interface Life {
  readonly process: VirtualProcess;
  readonly balancer: Balancer;
  readonly vitals: Vitals;
}

function sampleOf(name: string, tMs: Ms, { balancer, vitals }: Life): ComponentSample {
  return {
    tMs,
    name,
    role: 'balancer',
    ...vitals.sample(),
    sessions: balancer.stats().connections,
    acceptedPerSec: null,
    deliveredPerSec: null,
    presencePerSec: null,
    inFlight: null,
  };
}

/** There and back, or a rejection: at once when no server runs there, after `timeoutMs` when it does not answer. */
function probe(order: {
  process: VirtualProcess;
  node: ServerNode;
  quality: LinkQuality;
  link: VirtualLink;
  timeoutMs: Ms;
}): Promise<ServerStats> {
  const { process, node, quality, link, timeoutMs } = order;
  return new Promise((resolve, reject) => {
    const settle = (run: () => void): void => {
      cancel();
      connection.close();
      run();
    };
    const cancel = process.clock.after(timeoutMs, () =>
      settle(() => reject(new Error(`${node.id} did not answer in ${timeoutMs} ms.`))),
    );
    const connection = link.connect({
      owner: process,
      broke: () => settle(() => reject(new Error(`The connection to ${node.id} broke.`))),
    });
    const answer = (run: () => void): void => {
      process.clock.after(quality.latencyMs(), () => connection.back.carry(answerBytes, () => settle(run)));
    };
    const ask = (): void => {
      if (!node.door?.listening) answer(() => reject(new Error(`${node.id} refused the connection.`)));
      else void node.probe().then((stats) => answer(() => resolve(stats)));
    };
    process.clock.after(quality.latencyMs(), () => connection.there.carry(questionBytes, ask));
  });
}

/** Sizes of a question for `/stats` and its answer, for links that are narrow. */
const questionBytes = 100;
const answerBytes = 600;
