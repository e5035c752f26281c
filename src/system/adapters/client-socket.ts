import { connect, type Socket as NetSocket } from 'node:net';
import type { Socket, SocketHandlers } from '../ports.ts';
import { limits } from '../protocol/limits.ts';
import { createHandshake } from './client-handshake.ts';
import { createFrameWriter } from './frame-writer.ts';
import { Receiver, Sender } from './ws-parts.ts';

type Handlers = SocketHandlers & { opened(): void };

/**
 * Opens a WebSocket to `origin` (`http://host:port`). What is sent before it is open is dropped, as after a close. A close
 * without a close frame, also a failed attempt, has code 1006.
 */
export function openClientSocket(origin: URL, path: string, handlers: Handlers): Socket {
  let state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  let told: { code: number; reason: string } | null = null;
  let take = handshake;
  let timer: NodeJS.Timeout | undefined = setTimeout(() => abort('no answer in time'), handshakeMs);

  const opening = createHandshake(origin.host, path);
  let head: Buffer = noBytes;
  const socket = dial(origin, (bytes) => take(bytes));
  const writer = createFrameWriter(socket, { mask: true, drained: () => handlers.drained?.() });
  socket.on('connect', () => socket.write(opening.request));
  socket.on('error', (error) => {
    told ??= { code: lostCode, reason: error.message };
  });
  socket.on('close', finish);

  return {
    remote: origin.host,
    get bufferedBytes() {
      return writer.bufferedBytes;
    },
    send: (frame) => {
      if (state === 'open') writer.write(frame);
    },
    close,
    terminate: () => socket.destroy(),
  };

  function handshake(bytes: Buffer): void {
    head = Buffer.concat([head, bytes]);
    const answer = opening.read(head);
    if (answer.kind === 'refused') abort(answer.reason);
    if (answer.kind !== 'open') return;
    head = noBytes;
    clearTimeout(timer);
    state = 'open';
    const receiver = receive();
    take = (more) => void receiver.write(Buffer.from(more));
    handlers.opened();
    if (answer.rest.length > 0) receiver.write(answer.rest);
  }

  function receive(): Receiver {
    const receiver = new Receiver({ isServer: false, maxPayload: limits.frameBytesMax });
    receiver.on('message', (data: Buffer) => {
      if (state === 'open') handlers.message(data.toString('utf8'));
    });
    receiver.on('ping', (data: Buffer) => control(pong, data));
    receiver.on('conclude', (code: number, reason: Buffer) => {
      told ??= { code, reason: reason.toString('utf8') };
      close(code === noCode ? normalCode : code, '');
      socket.end();
    });
    receiver.on('error', (error: Error) => abort(error.message));
    return receiver;
  }

  function close(code: number, reason: string): void {
    if (state === 'connecting') socket.destroy();
    if (state !== 'open') return;
    control(closing, closeBody(code, reason));
    state = 'closing';
    timer = setTimeout(() => socket.destroy(), closeMs);
  }

  function control(opcode: number, data: Buffer): void {
    writer.flush();
    for (const bytes of Sender.frame(data, { fin: true, rsv1: false, opcode, mask: true, readOnly: false })) {
      if (socket.writable) socket.write(bytes);
    }
  }

  function abort(reason: string): void {
    told ??= { code: lostCode, reason };
    socket.destroy();
  }

  function finish(): void {
    clearTimeout(timer);
    state = 'closed';
    const { code, reason } = told ?? { code: lostCode, reason: 'the connection was lost' };
    handlers.closed(code, reason);
  }
}

// ---

const handshakeMs = 10_000;
const closeMs = 5000;

const pong = 0x0a;
const closing = 0x08;
const normalCode = 1000;
/** The peer's close frame carried no code. */
const noCode = 1005;
const lostCode = 1006;
const noBytes = Buffer.alloc(0);

/** All sockets of a thread are read into one buffer, one after the other; an idle socket holds none. */
const readBuffer = Buffer.alloc(64 * 1024);

function dial({ hostname, port }: URL, take: (bytes: Buffer) => void): NetSocket {
  return connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 80),
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback: (length) => {
        take(readBuffer.subarray(0, length));
        return true;
      },
    },
  });
}

function closeBody(code: number, reason: string): Buffer {
  const body = Buffer.alloc(2 + Buffer.byteLength(reason));
  body.writeUInt16BE(code, 0);
  body.write(reason, 2);
  return body;
}
