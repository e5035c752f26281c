import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { Problem } from '../problem.ts';

/** Whose connection it is, as far as it can be believed. */
export interface Remotes {
  of(request: IncomingMessage): string;
}

/**
 * A balancer joins a client's connection to ours and names the client in `x-forwarded-for` of the first request; what
 * follows on the connection comes from the client as it is. So the header counts only in the first request, only from a
 * peer that we trust, and only its last entry, which is the one that the balancer wrote. Whom we trust are addresses and
 * subnets (`10.0.0.0/8`); throws a `Problem` for anything else.
 */
export function createRemotes(trusted: readonly string[] = ['127.0.0.1', '::1']): Remotes {
  const list = listOf(trusted);
  const known = new WeakMap<Duplex, string>();
  return {
    of: (request) => {
      const first = known.get(request.socket);
      if (first !== undefined) return first;
      const peer = plain(request.socket.remoteAddress ?? '');
      const remote = includes(list, peer) ? (forwardedFor(request) ?? peer) : peer;
      known.set(request.socket, remote);
      return remote;
    },
  };
}

// ---

function listOf(trusted: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of trusted) {
    const [address = '', bits] = entry.split('/');
    const family = familyOf(address);
    const widest = family === 'ipv6' ? 128 : 32;
    if (family === null || (bits !== undefined && !(/^\d+$/.test(bits) && Number(bits) <= widest))) {
      throw new Problem(`trustedBalancers holds "${entry}", which is neither an address nor a subnet like 10.0.0.0/8.`);
    }
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function includes(list: BlockList, peer: string): boolean {
  const family = familyOf(peer);
  return family !== null && list.check(peer, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const version = isIP(address);
  return version === 0 ? null : version === 6 ? 'ipv6' : 'ipv4';
}

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
