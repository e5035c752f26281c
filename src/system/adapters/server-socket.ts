import type { Socket as NetSocket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Socket } from '../ports.ts';
import type { ChatServer } from '../server/contract.ts';
import { createFrameWriter } from './frame-writer.ts';

export interface AcceptedSocket {
  readonly websocket: WebSocket;
  /** The connection below it: frames are written to it directly, several in one write. */
  readonly socket: NetSocket;
  readonly remote: string;
}

/** Hands an upgraded connection to the chat server. */
export function attachSocket(chat: ChatServer, { websocket, socket, remote }: AcceptedSocket): void {
  const writer = createFrameWriter(socket, { mask: false, drained: () => handlers.drained?.() });
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
