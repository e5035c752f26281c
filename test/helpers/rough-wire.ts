import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a port of this machine that can be disturbed: two joined sockets for each connection. */
export interface RoughWire {
  readonly port: number;
  /** Connections that stand now. */
  readonly open: number;
  /** Nothing arrives any more in either direction and nobody is told; new connections are taken and left alone. */
  swallow(): void;
  /** New connections pass again and no trap is set; what was swallowed stays lost, as in a network that dropped it. */
  pass(): void;
  /** Takes no new connections. */
  refuse(): void;
  /** Cuts all connections with a reset. */
  reset(): void;
  /** Ends the far side only: the near one is never told, as when a machine loses its power. */
  halfOpen(): void;
  /**
   * The next piece for the far side that holds `text` (`request`), or the answer to it (`answer`), is held until `act` is
   * done. Then it goes on, or, when `act` says `lose`, it is lost and the connection silent from then on. Resolves after
   * that; `port` is the near port of the connection as the far side sees it.
   */
  trap(what: 'request' | 'answer', text: string, act: (port: number) => Promise<'lose' | 'pass'>): Promise<void>;
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
      trap = null;
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
    trap(what, text, act) {
      const { promise, resolve } = Promise.withResolvers<void>();
      trap = { what, text, act, sprung: resolve };
      return promise;
    },
    async close() {
      server.close();
      for (const { near } of pairs) near.destroy();
      await once(server, 'close');
    },
  };

  function springs(chunk: Buffer): Trap | null {
    if (trap === null || !chunk.includes(trap.text)) return null;
    const sprung = trap;
    trap = null;
    return sprung;
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
  readonly act: (port: number) => Promise<'lose' | 'pass'>;
  sprung(): void;
}

function join(pair: Pair, springs: (chunk: Buffer) => Trap | null): void {
  const { near, far } = pair;
  let answer: Trap | null = null;
  const go = async (chunk: Buffer, to: Socket, trap: Trap | null) => {
    if (trap !== null && (await trap.act(far.localPort!)) === 'lose') pair.silent = true;
    trap?.sprung();
    if (!pair.silent) to.write(chunk);
  };
  near.on('data', (chunk) => {
    if (pair.silent) return;
    const trap = springs(chunk);
    if (trap?.what === 'answer') answer = trap;
    void go(chunk, far, trap?.what === 'request' ? trap : null);
  });
  far.on('data', (chunk) => {
    if (pair.silent) return;
    const trap = answer;
    answer = null;
    void go(chunk, near, trap);
  });
  near.on('end', () => void (pair.silent || far.end()));
  far.on('end', () => void (pair.silent || near.end()));
  near.on('close', () => far.destroy());
  far.on('close', () => void (pair.silent || near.destroy()));
  far.on('error', () => {});
}
