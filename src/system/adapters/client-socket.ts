import { connect, isIP, type Socket as NetSocket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { Socket, SocketHandlers } from '../ports.ts';
import { limits } from '../protocol/limits.ts';
import { createFrameReader } from './client-frames.ts';
import { createHandshake } from './client-handshake.ts';
import { createFrameWriter } from './frame-writer.ts';
import { Receiver, Sender } from './ws-parts.ts';

type Handlers = SocketHandlers & { opened(): void };

/**
 * Opens a WebSocket to `origin` (`http://host:port`, or `https`: over TLS). What is sent before it is open is dropped, as after a close. A close
 * without a close frame, also a failed attempt, has code 1006.
 */
export function openClientSocket(origin: URL, path: string, handlers: Handlers): Socket {
  let state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  let told: { code: number; reason: string } | null = null;
  let take: ReadBytes = handshake;
  let timer: NodeJS.Timeout | undefined = setTimeout(() => abort('no answer in time'), handshakeMs);

  const opening = createHandshake(origin.host, path);
  let head: Buffer = noBytes;
  let receiver: Receiver | null = null;
  const socket = dial(origin, (bytes, length) => take(bytes, length));
  const writer = createFrameWriter(socket, { mask: true, drained: () => handlers.drained?.() });
  socket.on(origin.protocol === 'https:' ? 'secureConnect' : 'connect', () => socket.write(opening.request));
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

  function handshake(bytes: Buffer, length: number): void {
    head = Buffer.concat([head, bytes.subarray(0, length)]);
    const answer = opening.read(head);
    if (answer.kind === 'refused') abort(answer.reason);
    if (answer.kind !== 'open') return;
    head = noBytes;
    clearTimeout(timer);
    state = 'open';
    take = createFrameReader({ text: hear, other: parse }, limits.serverFrameBytesMax);
    handlers.opened();
    take(answer.rest, answer.rest.length);
  }

  function hear(frame: string): void {
    if (state === 'open') handlers.message(frame);
  }

  /** Frames that are not plain: most connections never see one but at their end. */
  function parse(bytes: Buffer): void {
    if (state === 'closed') return;
    receiver ??= receive();
    receiver.write(bytes);
  }

  function receive(): Receiver {
    const receiver = new Receiver({ isServer: false, maxPayload: limits.serverFrameBytesMax });
    receiver.on('message', (data: Buffer) => hear(data.toString('utf8')));
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
    state = 'closed';
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

/** Takes the first `length` bytes, before the next are read into the same place. */
type ReadBytes = (bytes: Buffer, length: number) => void;

function dial({ protocol, hostname, port }: URL, take: ReadBytes): NetSocket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'https:') return dialSecurely(host, Number(port || 443), take);
  return connect({
    host,
    port: Number(port || 80),
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback: (length) => {
        take(readBuffer, length);
        return true;
      },
    },
  });
}

/** Node decrypts into buffers of its own. */
function dialSecurely(host: string, port: number, take: ReadBytes): NetSocket {
  // A name that is asked for, and so can be answered by; an address cannot be (RFC 6066, section 3).
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectSecurely({ host, port, ...name, ALPNProtocols: ['http/1.1'] });
  socket.setNoDelay(true);
  return socket.on('data', (bytes: Buffer) => take(bytes, bytes.length));
}

function closeBody(code: number, reason: string): Buffer {
  const body = Buffer.alloc(2 + Buffer.byteLength(reason));
  body.writeUInt16BE(code, 0);
  body.write(reason, 2);
  return body;
}
