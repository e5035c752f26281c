import { connect, Socket, type SocketConstructorOpts } from 'node:net';
import type { TLSSocket } from 'node:tls';

/**
 * A TCP connection that owns no read buffer: everything that any wire of this process reads lands in one buffer, is
 * handed on at once, and leaves nothing behind. An idle connection then costs its socket objects only.
 */
export interface Wire {
  readonly socket: Socket;
  /**
   * Called for what arrives; `chunk` is valid during the call only. False: read no more until `socket.resume()`.
   * Must be set before the next turn of the event loop; until then nothing is read.
   */
  read: (chunk: Buffer) => boolean;
}

/**
 * Takes over a connection from a server: one that was made with `pauseOnConnect`, or an HTTP server while it emits
 * `upgrade`. What was read before does not come again.
 */
export function adoptWire(accepted: Socket): Wire {
  // Node hands `onread` to outgoing sockets only. An accepted one gets it by moving its handle to a new socket; the
  // old one, without a handle, is closed so that its server no longer counts it.
  const owner = accepted as unknown as { _handle: unknown };
  const handle = owner._handle;
  if (handle === null || typeof handle !== 'object') throw new Error('This version of Node shows no socket handle.');
  owner._handle = null;
  accepted.destroy();
  return createWire((onread) => new Socket({ handle, allowHalfOpen: true, onread } as SocketConstructorOpts));
}

/** A connection over TLS, which has read nothing for us yet. Node decrypts into buffers of its own. */
export function secureWire(socket: TLSSocket): Wire {
  const wire: Wire = { socket, read: () => false };
  socket.on('data', (chunk: Buffer) => void (wire.read(chunk) || socket.pause()));
  socket.on('error', () => {});
  return wire;
}

/** Begins to connect; the socket emits `connect` or `error`. */
export function connectWire({ host, port }: { readonly host: string; readonly port: number }): Wire {
  return createWire((onread) => connect({ host, port, allowHalfOpen: true, noDelay: true, ...keepAlive, onread }));
}

/** Finds peers that vanished without a word. For both sides of a splice. */
export const keepAlive = { keepAlive: true, keepAliveInitialDelay: 30_000 } as const;

// ---

type OnRead = NonNullable<SocketConstructorOpts['onread']>;

/** As much as Node itself reads at once. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

function createWire(create: (onread: OnRead) => Socket): Wire {
  const wire: { socket?: Socket; read: Wire['read'] } = { read: () => false };
  wire.socket = create({ buffer: shared, callback: (bytes) => wire.read(shared.subarray(0, bytes)) });
  // Every error is followed by `close`, which is where the ends are taken care of.
  wire.socket.on('error', () => {});
  return wire as Wire;
}
