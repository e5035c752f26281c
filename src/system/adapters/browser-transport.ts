import type { Ms, Transport } from '../ports.ts';
import { browserExchange } from './browser-exchange.ts';
import { openBrowserSocket } from './browser-socket.ts';

export interface BrowserTransportOptions {
  /** Where the system is reached; in a page its own origin, for the servers allow no other. */
  readonly origin: string;
  /** A request is given up when no answer has begun, or nothing more of it has come, for this long. Default 30,000. */
  readonly requestMs?: Ms;
}

/**
 * The way of a client in a browser, page or worker: `fetch` and `WebSocket`. Two things are weaker than on Node, because
 * browsers do not offer them: what is uploaded is gathered before the first byte of it is sent, and a socket is not cut but
 * closed, and heard no more.
 */
export function createBrowserTransport({ origin, requestMs = 30_000 }: BrowserTransportOptions): Transport {
  return {
    request: (request, options) => browserExchange({ origin, requestMs }, request, options),
    open: (path, handlers) => openBrowserSocket(new URL(path, origin), handlers),
  };
}
