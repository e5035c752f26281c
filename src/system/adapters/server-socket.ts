import type { RawData, WebSocket } from 'ws';
import type { Socket } from '../ports.ts';
import { limits } from '../protocol/limits.ts';
import type { ChatServer } from '../server/contract.ts';
import { createFrameWriter } from './frame-writer.ts';
import { createFrameReader } from './server-frames.ts';
import type { Wire } from './wire.ts';
import { receiverOf } from './ws-parts.ts';

export interface AcceptedSocket {
  readonly websocket: WebSocket;
  /** The connection below it: plain frames are read from it and written to it directly, several in one write. */
  readonly wire: Wire;
  /** What came behind the request. */
  readonly head: Buffer;
  readonly remote: string;
}

/** Hands an upgraded connection to the chat server. */
export function attachSocket(chat: ChatServer, { websocket, wire, head, remote }: AcceptedSocket): void {
  const writer = createFrameWriter(wire.socket, { mask: false, drained: () => handlers.drained?.() });
  const port: Socket = {
    remote,
    get bufferedBytes() {
      return writer.bufferedBytes;
    },
    send: (frame) => {
      if (websocket.readyState === websocket.OPEN) writer.write(frame);
    },
    close: (code, reason) => {
      writer.flush();
      websocket.close(code, reason);
    },
    terminate: () => websocket.terminate(),
  };
  const handlers = chat.accept(port);
  websocket.on('message', (data: RawData, isBinary) => handlers.message(isBinary ? noText : textOf(data)));
  websocket.on('close', (code, reason) => handlers.closed(code, reason.toString()));
  const receiver = receiverOf(websocket);
  const read = createFrameReader(
    {
      text: (frame) => {
        if (websocket.readyState === websocket.OPEN) handlers.message(frame);
      },
      other: (bytes) => receiver.write(bytes),
    },
    limits.frameBytesMax,
  );
  wire.read = (chunk) => {
    read(chunk);
    return true;
  };
  if (head.length > 0) read(head);
  // An oversized or broken frame: the library closes with the right code, and `close` follows.
  websocket.on('error', () => {});
}

// ---

/** Stands for a binary frame: no JSON, so the chat server refuses it as malformed and counts it. */
const noText = '';

/** The library gives text frames as one Buffer (`binaryType` is left alone). */
function textOf(data: RawData): string {
  return (data as Buffer).toString('utf8');
}
