import { Agent } from 'node:http';
import type { Ms, Transport } from '../ports.ts';
import { openClientSocket } from './client-socket.ts';
import { exchange } from './http-exchange.ts';

export interface WsTransportOptions {
  /** Where the system is reached, for example `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Connections for HTTP requests. Default: one pool for all transports of this thread. */
  readonly agent?: Agent;
  /** A request is given up when nothing has moved for this long. Default 30,000. */
  readonly requestMs?: Ms;
}

/** The way of a client on Node: HTTP over kept connections, and WebSockets. */
export function createWsTransport(options: WsTransportOptions): Transport {
  const origin = new URL(options.origin);
  const target = { hostname: bare(origin.hostname), port: origin.port };
  const agent = options.agent ?? sharedAgent;
  const timeout = options.requestMs ?? 30_000;
  return {
    request: (request, options) => exchange({ ...target, agent, timeout }, request, options),
    open: (path, handlers) => openClientSocket(origin, path, handlers),
  };
}

// ---

/** Idle connections are dropped before a server would do it, so that a request does not meet a closing one. */
const sharedAgent = new Agent({ keepAlive: true, maxSockets: 128, timeout: 60_000 });

/** URL writes an IPv6 address in brackets, sockets want it without. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
