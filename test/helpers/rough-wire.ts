import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a port of this machine that can be disturbed: two joined sockets for each connection. */
export interface RoughWire {
  readonly port: number;
  /** Connections that stand now. */
  readonly open: number;
  /** Nothing arrives any more in either direction and nobody is told; new connections are taken and left alone. */
  swallow(): void;
  /** New connections pass again; what was swallowed stays lost, as in a network that dropped it. */
  pass(): void;
  /** Takes no new connections. */
  refuse(): void;
  /** Cuts all connections with a reset. */
  reset(): void;
  /** Ends the far side only: the near one is never told, as when a machine loses its power. */
  halfOpen(): void;
  /**
   * From the next piece on that holds `text` and goes to the far side, the connection is silent: `request` loses this
   * piece too, `answer` lets it through and loses what comes back. Resolves when that has happened.
   */
  lose(what: 'request' | 'answer', text: string): Promise<void>;
  close(): Promise<void>;
}

export async function startRoughWire(target: { readonly port: number }): Promise<RoughWire> {
  const pairs = new Set<Pair>();
  let mode: 'pass' | 'swallow' | 'refuse' = 'pass';
  let trap: Trap | null = null;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.on('error', () => {});
    if (mode === 'refuse') return void near.resetAndDestroy();
    const pair: Pair = { near, far: connect({ ...loopback, port: target.port, allowHalfOpen: true }), silent: false };
    pairs.add(pair);
    join(pair, springs);
    near.on('close', () => pairs.delete(pair));
    pair.silent = mode === 'swallow';
  });
  server.listen(0, loopback.host);
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return pairs.size;
    },
    swallow() {
      mode = 'swallow';
      for (const pair of pairs) pair.silent = true;
    },
    pass() {
      mode = 'pass';
    },
    refuse() {
      mode = 'refuse';
    },
    reset() {
      for (const { near } of pairs) near.resetAndDestroy();
    },
    halfOpen() {
      for (const pair of pairs) {
        pair.silent = true;
        pair.far.destroy();
      }
    },
    lose(what, text) {
      const { promise, resolve } = Promise.withResolvers<void>();
      trap = { what, text, sprung: resolve };
      return promise;
    },
    async close() {
      server.close();
      for (const { near } of pairs) near.destroy();
      await once(server, 'close');
    },
  };

  function springs(chunk: Buffer): Trap['what'] | null {
    if (trap === null || !chunk.includes(trap.text)) return null;
    const { what, sprung } = trap;
    trap = null;
    sprung();
    return what;
  }
}

/** The address of the database at `url` by way of the wire. */
export function throughWire(url: string, wire: RoughWire): string {
  const rough = new URL(url);
  rough.port = String(wire.port);
  return rough.href;
}

// ---

const loopback = { host: '127.0.0.1' };

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** Bytes are read and thrown away, so that the senders think that all is well; not even an end gets through. */
  silent: boolean;
}

interface Trap {
  readonly what: 'request' | 'answer';
  readonly text: string;
  sprung(): void;
}

function join(pair: Pair, springs: (chunk: Buffer) => Trap['what'] | null): void {
  const { near, far } = pair;
  near.on('data', (chunk) => {
    if (pair.silent) return;
    const lost = springs(chunk);
    if (lost !== null) pair.silent = true;
    if (lost !== 'request') far.write(chunk);
  });
  far.on('data', (chunk) => void (pair.silent || near.write(chunk)));
  near.on('end', () => void (pair.silent || far.end()));
  far.on('end', () => void (pair.silent || near.end()));
  near.on('close', () => far.destroy());
  far.on('close', () => void (pair.silent || near.destroy()));
  far.on('error', () => {});
}
