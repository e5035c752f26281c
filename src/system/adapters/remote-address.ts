import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** Whose connection it is, as far as it can be believed. */
export interface Remotes {
  of(request: IncomingMessage): string;
}

/**
 * A balancer joins a client's connection to ours and names the client in `x-forwarded-for` of the first request; what
 * follows on the connection comes from the client as it is. So the header counts only in the first request, only from a
 * peer that we trust, and only its last entry, which is the one that the balancer wrote.
 */
export function createRemotes(trusted: readonly string[] = ['127.0.0.1', '::1']): Remotes {
  const known = new WeakMap<Duplex, string>();
  return {
    of: (request) => {
      const first = known.get(request.socket);
      if (first !== undefined) return first;
      const peer = plain(request.socket.remoteAddress ?? '');
      const remote = trusted.includes(peer) ? (forwardedFor(request) ?? peer) : peer;
      known.set(request.socket, remote);
      return remote;
    },
  };
}

// ---

function forwardedFor(request: IncomingMessage): string | null {
  const header = request.headers['x-forwarded-for'];
  const last = String(header ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return last === undefined || last === '' ? null : last.slice(0, addressCharsMax);
}

const addressCharsMax = 64;

/** An IPv4 address that came over an IPv6 socket, as IPv4. */
function plain(address: string): string {
  return address.replace(/^::ffff:/, '');
}
