import type { Socket } from 'node:net';
import type { Clock, Ms } from '../ports.ts';
import type { Wire } from './balancer-wire.ts';

/** Bytes that went through, for `/stats`. */
export interface Traffic {
  bytesFromClients: number;
  bytesFromServers: number;
}

export interface SpliceOptions {
  readonly clock: Clock;
  readonly traffic: Traffic;
  /** How long a side may take to read what is left once the other one is gone. */
  readonly lingerMs: Ms;
}

/**
 * Moves bytes both ways, unread and in order, until both sides have closed. A side that does not read stops the other
 * one from being read: at most one chunk more than Node's high-water mark waits in memory for each direction.
 *
 * A client that ends its half may still be answered. When the server ends or dies its client is closed at once, behind
 * what was on its way, so that it can connect again elsewhere.
 */
export function splice(client: Wire, server: Wire, { clock, traffic, lingerMs }: SpliceOptions): void {
  const closeSoon = (socket: Socket) => closeBehindWrites(socket, clock, lingerMs);

  client.read = (chunk) => {
    traffic.bytesFromClients += chunk.length;
    return pass(chunk, server.socket);
  };
  server.read = (chunk) => {
    traffic.bytesFromServers += chunk.length;
    return pass(chunk, client.socket);
  };
  server.socket.on('drain', () => client.socket.resume());
  client.socket.on('drain', () => server.socket.resume());
  client.socket.on('end', () => server.socket.end());
  server.socket.on('end', () => closeSoon(client.socket));
  client.socket.on('close', (broken) => (broken ? server.socket.destroy() : closeSoon(server.socket)));
  server.socket.on('close', (broken) => (broken ? client.socket.destroy() : closeSoon(client.socket)));
  client.socket.resume();
  server.socket.resume();
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
