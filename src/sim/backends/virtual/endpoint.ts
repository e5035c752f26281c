import type { Cancel, HttpRequest, HttpResponse, Ms, Socket, SocketHandlers } from '../../../system/index.ts';
import type { HopEnd } from './hop.ts';
import type { VirtualProcess } from './virtual-process.ts';

/** What travels between a user and a server; the balancer looks at the first one only. */
export type Packet =
  | { readonly kind: 'open'; readonly path: string; readonly remote: string }
  | { readonly kind: 'request'; readonly request: HttpRequest; readonly remote: string }
  | { readonly kind: 'opened' }
  | { readonly kind: 'response'; readonly response: HttpResponse }
  | { readonly kind: 'frame'; readonly frame: string }
  | { readonly kind: 'close' | 'closeAnswer'; readonly code: number; readonly reason: string };

/** A WebSocket frame's header, and a packet that carries nothing but itself. */
const headerBytes = 8;
const bareBytes = 64;

export function packetBytes(packet: Packet): number {
  switch (packet.kind) {
    case 'frame':
      return packet.frame.length + headerBytes;
    case 'request':
      return packet.request.body.length + (packet.request.bytes?.length ?? 0) + 4 * bareBytes;
    case 'response':
      return packet.response.body.length + (packet.response.bytes?.length ?? 0) + 4 * bareBytes;
    default:
      return bareBytes;
  }
}

/** Close codes of RFC 6455 for an end without a closing handshake, and for one without a code. */
export const abnormalClosure = 1006;
/** How long a closing handshake may take before the connection is cut, as in ws. */
const closeTimeoutMs: Ms = 30_000;

export interface Endpoint {
  readonly socket: Socket;
  /** Frames, the closing handshake. */
  receive(packet: Packet): void;
  /** The connection is gone without a closing handshake, or after it. */
  ended(): void;
}

export interface EndpointOrder {
  readonly process: VirtualProcess;
  readonly end: HopEnd<Packet>;
  readonly remote: string;
  /** Set before the first packet arrives. */
  readonly handlers: () => SocketHandlers;
  /** CPU microseconds for each frame in and out. */
  readonly frameIn: number;
  readonly frameOut: number;
  /** Bytes that wait further on, at the next hop. */
  readonly downstream: () => { readonly bytes: number; readonly waitMs: Ms };
}

/** One side of an open message connection, as the system knows it: the WebSocket without its bytes. */
export function createEndpoint(order: EndpointOrder): Endpoint {
  const { process, end, handlers } = order;
  let state: 'open' | 'closing' | 'closed' = 'open';
  let cancelCloseTimeout: Cancel = () => undefined;
  let watchingDrain = false;

  function bufferedBytes(): number {
    return end.backlogBytes() + order.downstream().bytes;
  }

  function put(packet: Packet): void {
    end.send(packet, packetBytes(packet));
  }

  /** The handlers hear it as a job of their own, never in the middle of a call of theirs. */
  function conclude(code: number, reason: string): void {
    if (state === 'closed') return;
    state = 'closed';
    cancelCloseTimeout();
    process.clock.after(0, () => handlers().closed(code, reason));
  }

  function terminate(): void {
    end.cut();
    conclude(abnormalClosure, '');
  }

  function watchDrain(): void {
    if (watchingDrain || bufferedBytes() === 0) return;
    watchingDrain = true;
    process.clock.after(Math.max(end.backlogMs(), order.downstream().waitMs), () => {
      watchingDrain = false;
      if (state === 'closed') return;
      if (bufferedBytes() > 0) watchDrain();
      else handlers().drained?.();
    });
  }

  const socket: Socket = {
    remote: order.remote,
    get bufferedBytes() {
      return bufferedBytes();
    },
    send(frame) {
      if (state !== 'open') return;
      process.charge(order.frameOut);
      put({ kind: 'frame', frame });
      watchDrain();
    },
    close(code, reason) {
      if (state !== 'open') return;
      state = 'closing';
      put({ kind: 'close', code, reason });
      cancelCloseTimeout = process.clock.after(closeTimeoutMs, terminate);
    },
    terminate,
  };

  function take(packet: Packet): void {
    if (state === 'closed') return;
    if (packet.kind === 'frame') handlers().message(packet.frame);
    if (packet.kind === 'close') put({ kind: 'closeAnswer', code: packet.code, reason: packet.reason });
    if (packet.kind !== 'close' && packet.kind !== 'closeAnswer') return;
    end.finish();
    conclude(packet.code, packet.reason);
  }

  return {
    socket,
    receive: (packet) => process.execute(packet.kind === 'frame' ? order.frameIn : 0, () => take(packet)),
    ended: () =>
      process.execute(0, () => {
        end.finish();
        conclude(abnormalClosure, '');
      }),
  };
}
