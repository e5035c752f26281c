import type { Ms, Random } from '../../../system/index.ts';
import { type LinkBehaviour, type LinkName, partiesOf } from '../../links/behaviour.ts';
import type { ProbeResult } from '../../links/probe.ts';
import { unknownName } from '../../problem.ts';
import { costs } from './costs.ts';
import type { LinkQuality } from './hop.ts';
import type { ServerNode } from './server-node.ts';
import type { VirtualDatabase } from './virtual-database.ts';
import { createVirtualLink, type VirtualLink } from './virtual-link.ts';
import type { VirtualTime } from './virtual-time.ts';

/** All links of a cluster that faults may disturb. */
export interface VirtualLinks {
  /** Throws a `Problem` for one that is not there. */
  of(link: LinkName): VirtualLink;
  /** Answers how many connections it carried at that moment. */
  set(link: LinkName, behaviour: LinkBehaviour): Promise<number>;
  /** Asks the far end one small question over a connection of its own. */
  ask(link: LinkName, withinMs: Ms): Promise<ProbeResult>;
  /** Those of one server. */
  around(server: string): readonly VirtualLink[];
}

export interface VirtualLinksOrder {
  readonly time: VirtualTime;
  readonly balancers: readonly string[];
  readonly servers: readonly string[];
  /** Who answers questions. Called only when one is asked. */
  readonly node: (server: string) => ServerNode;
  readonly database: VirtualDatabase;
  readonly quality: LinkQuality;
  readonly random: Random;
}

export function createVirtualLinks(order: VirtualLinksOrder): VirtualLinks {
  const { time, balancers, servers, random } = order;
  const names = servers.flatMap((server) => [
    ...balancers.map((balancer) => `${balancer}-${server}`),
    `${server}-database`,
  ]);
  const links = new Map(names.map((name) => [name, createVirtualLink(time, name, random.fork(`link:${name}`))]));

  function of(name: LinkName): VirtualLink {
    const link = links.get(name);
    if (link === undefined) throw unknownName('link', name, names);
    return link;
  }

  return {
    of,
    async set(name, behaviour) {
      const { connections } = of(name);
      of(name).set(behaviour);
      return connections;
    },
    ask: (name, withinMs) => ask(of(name), { ...order, withinMs }),
    around: (server) =>
      names.filter((name) => Object.values(partiesOf(name)).includes(server)).map((name) => links.get(name)!),
  };
}

// ---

/** As large as the questions of the other backends, for links that are narrow: readiness, and whether the database speaks TLS. */
const bytes = { server: { question: 57, answer: 100 }, database: { question: 8, answer: 1 } } as const;

function ask(link: VirtualLink, order: VirtualLinksOrder & { readonly withinMs: Ms }): Promise<ProbeResult> {
  const { time, quality, withinMs } = order;
  const { to } = partiesOf(link.name);
  const { question, answer } = to === 'database' ? bytes.database : bytes.server;
  const fromMs = time.clock.now();
  return new Promise((resolve) => {
    const settle = (result: ProbeResult): void => {
      cancel();
      connection.close();
      resolve(result);
    };
    const cancel = time.clock.after(withinMs, () => settle({ kind: 'silent' }));
    const connection = link.connect({ broke: () => settle({ kind: 'broken', code: 'ECONNRESET' }) });
    const reply = (result: () => ProbeResult): void => {
      time.clock.after(quality.latencyMs(), () => connection.back.carry(answer, () => settle(result())));
    };
    const arrive = (): void => {
      if (!isUp(to, order)) reply(() => ({ kind: 'broken', code: 'ECONNREFUSED' }));
      else examine(to, order, () => reply(() => ({ kind: 'answered', tookMs: time.clock.now() - fromMs })));
    };
    time.clock.after(quality.latencyMs(), () => connection.there.carry(question, arrive));
  });
}

function isUp(to: string, { node, database }: VirtualLinksOrder): boolean {
  return to === 'database' ? database.process !== null : (node(to).door?.listening ?? false);
}

/** It costs the far end some of its time; never when it stands still. */
function examine(to: string, { node, database }: VirtualLinksOrder, done: () => void): void {
  if (to === 'database') database.process?.execute(costs.statement, done);
  else void node(to).probe().then(done);
}
