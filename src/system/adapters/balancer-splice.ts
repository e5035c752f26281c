import type { Socket } from 'node:net';
import type { Clock, Ms } from '../ports.ts';
import type { Wire } from './wire.ts';

/** Bytes that went through, for `/stats`. */
export interface Traffic {
  bytesFromClients: number;
  bytesFromServers: number;
}

export interface SplicerOptions {
  readonly clock: Clock;
  readonly traffic: Traffic;
  /** How long a side may take to read what is left once the other one is gone. */
  readonly lingerMs: Ms;
}

export interface Splicer {
  /**
   * Moves bytes both ways, unread and in order, until both sides have closed. A side that does not read stops the other
   * one from being read: at most one chunk more than Node's high-water mark waits in memory for each direction.
   *
   * A client that ends its half may still be answered. When the server ends or dies its client is closed at once, behind
   * what was on its way, so that it can connect again elsewhere.
   */
  join(client: Wire, server: Wire): void;
  /** Both ends of every splice. */
  readonly sockets: Iterable<Socket>;
}

export function createSplicer({ clock, traffic, lingerMs }: SplicerOptions): Splicer {
  const peers = new Map<Socket, Socket>();
  const closeSoon = (socket: Socket | undefined) => socket && closeBehindWrites(socket, clock, lingerMs);

  // All splices share these and find the other end through `this`: closures of their own would cost each idle
  // connection more than a kilobyte.
  function drained(this: Socket): void {
    peers.get(this)?.resume();
  }
  function clientEnded(this: Socket): void {
    peers.get(this)?.end();
  }
  function serverEnded(this: Socket): void {
    closeSoon(peers.get(this));
  }
  function closed(this: Socket, broken: boolean): void {
    const peer = peers.get(this);
    peers.delete(this);
    if (broken) peer?.destroy();
    else closeSoon(peer);
  }

  return {
    join(client, server) {
      peers.set(client.socket, server.socket).set(server.socket, client.socket);
      client.read = (chunk) => {
        traffic.bytesFromClients += chunk.length;
        return pass(chunk, server.socket);
      };
      server.read = (chunk) => {
        traffic.bytesFromServers += chunk.length;
        return pass(chunk, client.socket);
      };
      client.socket.on('drain', drained).on('end', clientEnded).on('close', closed).resume();
      server.socket.on('drain', drained).on('end', serverEnded).on('close', closed).resume();
    },
    get sockets() {
      return peers.keys();
    },
  };
}

/** Ends a socket and gives its peer some time to read what is left and to close too; then cuts it. */
export function closeBehindWrites(socket: Socket, clock: Clock, lingerMs: Ms): void {
  if (socket.destroyed) return;
  socket.end();
  const cancel = clock.after(lingerMs, () => socket.destroy());
  socket.once('close', cancel);
}

// ---

/** Copies, for the chunk lies in a buffer that the next read overwrites, and a write may take its time. */
function pass(chunk: Buffer, to: Socket): boolean {
  return !to.writable || to.write(Buffer.from(chunk));
}
