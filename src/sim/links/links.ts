/** The links of a cluster that pass through a proxy of ours. */
import { type ChildProcess, spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describeExit } from '../../system/node.ts';
import { Problem, unknownName } from '../problem.ts';
import { type Address, type LinkBehaviour, type LinkName, partiesOf } from './behaviour.ts';
import type { LinkOptions } from './link.ts';
import { type ProbeResult, probe } from './probe.ts';

/** One line for the proxy. `order` is repeated in its answer. */
export type ProxyOrder =
  | ({ readonly order: number; readonly kind: 'open' } & LinkOptions)
  | { readonly order: number; readonly kind: 'set'; readonly name: LinkName; readonly behaviour: LinkBehaviour };

export interface ProxyAnswer {
  readonly order: number;
  readonly port?: number;
  readonly connections?: number;
  readonly error?: string;
}

export interface Links {
  /** Which address the parties are to use: that of a proxy where this link is wanted, else the target's own. */
  via(link: LinkName, target: Address): Promise<Address>;
  /** Answers how many connections the link carried at that moment. */
  set(link: LinkName, behaviour: LinkBehaviour): Promise<number>;
  /** Asks the far end one small question over a connection of its own. Throws a `Problem` for a link that has no proxy. */
  ask(link: LinkName, withinMs: number): Promise<ProbeResult>;
  stop(): Promise<void>;
}

/** `wanted`: the links that can be disturbed; the others do not pass through here and cost nothing. `host`: where to listen. */
export function createLinks(options: {
  readonly wanted: readonly LinkName[];
  readonly host: string;
  readonly seed: number;
  readonly died: (what: string) => void;
}): Links {
  const { wanted, host, seed } = options;
  const open = new Map<LinkName, Address>();
  const proxy = createProxy(options.died);

  function addressOf(link: LinkName): Address {
    const address = open.get(link);
    if (address === undefined) throw unknownName('link', link, [...open.keys()]);
    return address;
  }

  return {
    via: async (link, target) => {
      if (!wanted.includes(link)) return target;
      const { port } = await proxy.ask((order) => ({ order, kind: 'open', name: link, host, target, seed }));
      open.set(link, { host, port: port! });
      return addressOf(link);
    },
    set: async (link, behaviour) => {
      addressOf(link);
      const { connections } = await proxy.ask((order) => ({ order, kind: 'set', name: link, behaviour }));
      return connections!;
    },
    ask: async (link, withinMs) => probe(addressOf(link), partiesOf(link).to, withinMs),
    stop: proxy.stop,
  };
}

// ---

const entry = join(import.meta.dirname, `proxy-main${extname(import.meta.filename)}`);

interface Proxy {
  ask(order: (number: number) => ProxyOrder): Promise<ProxyAnswer>;
  stop(): Promise<void>;
}

/** The process is started by the first order. */
function createProxy(died: (what: string) => void): Proxy {
  const waiting = new Map<number, PromiseWithResolvers<ProxyAnswer>>();
  let child: ChildProcess | null = null;
  let gone: Promise<void> = Promise.resolve();
  let orders = 0;
  let stopping = false;

  function launch(): ChildProcess {
    const started = spawn(process.execPath, [entry], { stdio: ['pipe', 'pipe', 'inherit'] });
    started.stdin!.on('error', () => {});
    createInterface({ input: started.stdout! }).on('line', (line) => {
      const answer = JSON.parse(line) as ProxyAnswer;
      const asked = waiting.get(answer.order);
      waiting.delete(answer.order);
      if (answer.error === undefined) asked?.resolve(answer);
      else asked?.reject(new Problem(`A link could not be made: ${answer.error}.`));
    });
    gone = new Promise((resolve) => {
      started.once('exit', (code, signal) => {
        const what = `The process ${started.pid} that carries links ${describeExit({ code, signal })}.`;
        for (const { reject } of waiting.values()) reject(new Problem(what));
        if (!stopping) died(what);
        resolve();
      });
    });
    return started;
  }

  return {
    ask: (order) => {
      child ??= launch();
      orders += 1;
      const asked = Promise.withResolvers<ProxyAnswer>();
      waiting.set(orders, asked);
      child.stdin!.write(`${JSON.stringify(order(orders))}\n`);
      return asked.promise;
    },
    stop: async () => {
      stopping = true;
      child?.stdin?.end();
      await gone;
    },
  };
}
