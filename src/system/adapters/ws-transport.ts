import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { Ms, Transport } from '../ports.ts';
import { openClientSocket } from './client-socket.ts';
import { exchange } from './http-exchange.ts';

export interface WsTransportOptions {
  /**
   * Where the system is reached, for example `http://127.0.0.1:8080` or `https://chat.example`. Trusted are the certificates
   * that Node trusts, `NODE_EXTRA_CA_CERTS` included.
   */
  readonly origin: string;
  /** Connections for HTTP requests. Default: one pool for all transports of this thread with the same protocol. */
  readonly agent?: Agent;
  /** A request is given up when nothing has moved for this long. Default 30,000. */
  readonly requestMs?: Ms;
}

/** The way of a client on Node: HTTP over kept connections, and WebSockets, both over TLS for an origin of `https`. */
export function createWsTransport(options: WsTransportOptions): Transport {
  const origin = new URL(options.origin);
  const { protocol } = origin;
  const target = { protocol, hostname: bare(origin.hostname), port: origin.port };
  const agent = options.agent ?? (protocol === 'https:' ? sharedSecureAgent : sharedAgent);
  const timeout = options.requestMs ?? 30_000;
  return {
    request: (request, options) => exchange({ ...target, agent, timeout }, request, options),
    open: (path, handlers) => openClientSocket(origin, path, handlers),
  };
}

// ---

/** Idle connections are dropped before a server would do it, so that a request does not meet a closing one. */
const pool = { keepAlive: true, maxSockets: 128, timeout: 60_000 } as const;
const sharedAgent = new Agent(pool);
const sharedSecureAgent = new SecureAgent(pool);

/** URL writes an IPv6 address in brackets, sockets want it without. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
