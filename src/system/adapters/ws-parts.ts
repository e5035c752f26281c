/**
 * Parts of the `ws` package that it exports but its types leave out: the parser of frames and the framing of control
 * frames. With them a client needs neither the package's HTTP request nor its stream plumbing, which hold most of the
 * memory of an idle socket.
 */
import type { Writable } from 'node:stream';
import * as ws from 'ws';

interface ReceiverOptions {
  readonly isServer: boolean;
  /** A longer message is an error with code 1009. */
  readonly maxPayload: number;
}

/** Bytes in by `write`; events `message(data, isBinary)`, `ping(data)`, `conclude(code, reason)`, `error`. */
export type Receiver = Writable;

interface ControlFrame {
  readonly fin: true;
  readonly rsv1: false;
  readonly opcode: number;
  readonly mask: boolean;
  readonly readOnly: false;
}

interface Parts {
  readonly Receiver: new (options: ReceiverOptions) => Receiver;
  readonly Sender: { frame(data: Buffer, options: ControlFrame): Buffer[] };
}

export const { Receiver, Sender } = ws as unknown as Parts;

/** The parser of a server's end, which answers pings and closes; it must get whole frames, or all of the bytes. */
export function receiverOf(websocket: ws.WebSocket): Receiver {
  return (websocket as unknown as { readonly _receiver: Receiver })._receiver;
}
