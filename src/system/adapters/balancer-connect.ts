import type { Balancer } from '../balancer/contract.ts';
import type { Clock, Log, Ms } from '../ports.ts';
import type { ServerId } from '../protocol/ids.ts';
import type { ServerAddress } from './balancer-probe.ts';
import { connectWire, type Wire } from './wire.ts';

export interface ConnectLimits {
  /** How long one server may take to accept a connection. */
  readonly connectMs: Ms;
  /** How many servers are tried for one client. */
  readonly triesMax: number;
}

/**
 * Finds a server that accepts a connection for the client at `remote`. Null when no server is left, enough have been
 * tried, or this machine can open no more connections. An opened connection counts until its socket closes.
 */
export type Connector = (remote: string) => Promise<Wire | null>;

export function createConnector(
  { balancer, clock, log }: { readonly balancer: Balancer; readonly clock: Clock; readonly log: Log },
  servers: readonly ServerAddress[],
  { connectMs, triesMax }: ConnectLimits,
): Connector {
  const addresses = new Map(servers.map((server) => [server.id, server]));

  return async (remote) => {
    for (const tried = new Set<ServerId>(); tried.size < triesMax; ) {
      const id = balancer.route({ remote }, tried);
      if (id === null) return null;
      const outcome = await open(addresses.get(id)!, clock, connectMs);
      if (outcome.kind === 'failed') {
        balancer.failed(id);
        tried.add(id);
        continue;
      }
      balancer.opened(id);
      if (outcome.kind === 'opened') {
        outcome.wire.socket.once('close', () => balancer.closed(id));
        return outcome.wire;
      }
      // The server is not to blame, and another one would not help.
      balancer.closed(id);
      log.write('error', 'this machine can open no more connections: raise its limits (ulimit -n) or add a balancer', {
        code: outcome.code,
      });
      return null;
    }
    return null;
  };
}

/** A connection to one address that is no chat server. Null when there is none to be had within `connectMs`. */
export async function reach(address: Pick<ServerAddress, 'host' | 'port'>, clock: Clock, connectMs: Ms) {
  const outcome = await open(address, clock, connectMs);
  return outcome.kind === 'opened' ? outcome.wire : null;
}

// ---

type Outcome =
  | { readonly kind: 'opened'; readonly wire: Wire }
  | { readonly kind: 'failed' }
  | { readonly kind: 'exhausted'; readonly code: string };

const exhaustion: readonly string[] = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'];

/** Resolves in the same turn as the connection opens, before anything is read of it. */
function open(address: Pick<ServerAddress, 'host' | 'port'>, clock: Clock, connectMs: Ms): Promise<Outcome> {
  const wire = connectWire(address);
  return new Promise((resolve) => {
    let code = '';
    const settle = (outcome: Outcome) => {
      cancel();
      wire.socket.off('connect', connected).off('error', noted).off('close', closed);
      resolve(outcome);
    };
    const connected = () => settle({ kind: 'opened', wire });
    const noted = (error: NodeJS.ErrnoException) => {
      code = error.code ?? '';
    };
    const closed = () => settle(exhaustion.includes(code) ? { kind: 'exhausted', code } : { kind: 'failed' });
    const cancel = clock.after(connectMs, () => wire.socket.destroy());
    wire.socket.on('connect', connected).on('error', noted).on('close', closed);
  });
}
