import { connect, createServer, type Socket } from 'node:net';
import { createSeededRandom, type Random } from '../../system/index.ts';
import type { Address, LinkBehaviour, LinkName } from './behaviour.ts';
import { createPump, type Pump } from './pump.ts';

/** A way between two parties that passes through here: a TCP proxy in front of `target`. */
export interface Link {
  readonly port: number;
  /** How many connections it carries now. */
  readonly connections: number;
  set(behaviour: LinkBehaviour): void;
  close(): void;
}

export interface LinkOptions {
  readonly name: LinkName;
  /** Address to listen on. */
  readonly host: string;
  readonly target: Address;
  /** Each connection draws its delays from a stream of its own. */
  readonly seed: number;
}

export async function openLink({ name, host, target, seed }: LinkOptions): Promise<Link> {
  const random = createSeededRandom(seed).fork(`link:${name}`);
  const carried = new Set<Carried>();
  /** Connections that came while the way was cut: they are made when it is open again. */
  const waiting = new Set<Socket>();
  /** Connections that came while there was no far end: they never get one. */
  const lost = new Set<Socket>();
  let behaviour: LinkBehaviour = { kind: 'open' };
  let count = 0;

  function begin(near: Socket): void {
    count += 1;
    const one = carry(near, target, () => behaviour, random.fork(`connection:${count}`));
    carried.add(one);
    near.on('close', () => carried.delete(one));
  }

  function arrive(near: Socket): void {
    near.setNoDelay(true);
    near.on('error', () => {});
    if (behaviour.kind === 'reset') near.resetAndDestroy();
    else if (behaviour.kind === 'halfOpen') lose(near);
    else if (behaviour.kind === 'cut') waiting.add(near);
    else begin(near);
  }

  function lose(near: Socket): void {
    lost.add(near);
    near.on('close', () => lost.delete(near));
    near.resume();
  }

  const server = createServer({ allowHalfOpen: true }, arrive);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: 0 }, resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return carried.size;
    },
    set: (next) => {
      behaviour = next;
      for (const one of carried) one.heed(next);
      if (next.kind === 'reset') for (const near of lost) near.resetAndDestroy();
      if (next.kind === 'cut') return;
      for (const near of waiting) arrive(near);
      waiting.clear();
    },
    close: () => {
      server.close();
      for (const one of carried) one.heed({ kind: 'reset' });
      for (const near of [...waiting, ...lost]) near.destroy();
    },
  };
}

// ---

/** A connection and the one that was made for it at the far end. */
interface Carried {
  heed(behaviour: LinkBehaviour): void;
}

function carry(near: Socket, target: Address, behaviour: () => LinkBehaviour, random: Random): Carried {
  const far = connect({ ...target, noDelay: true, allowHalfOpen: true });
  const pumps: readonly Pump[] = [
    createPump(near, far, behaviour, random.fork('there')),
    createPump(far, near, behaviour, random.fork('back')),
  ];
  const stop = () => {
    for (const pump of pumps) pump.stop();
  };
  return {
    heed: ({ kind }) => {
      if (kind === 'halfOpen') {
        stop();
        far.resetAndDestroy();
        near.resume();
      } else if (kind === 'reset') {
        stop();
        far.resetAndDestroy();
        near.resetAndDestroy();
      } else {
        for (const pump of pumps) pump.wake();
      }
    },
  };
}
