import type { HttpRequest, HttpResponse, Ms, Socket, SocketHandlers, Transport } from '../../../system/index.ts';
import { abnormalClosure, createEndpoint, type Packet, packetBytes } from './endpoint.ts';
import type { HopEnd } from './hop.ts';
import { inOnePiece } from './one-piece.ts';
import type { VirtualProcess } from './virtual-process.ts';

export interface UserTransportOrder {
  /** Where users run; its core costs nothing. */
  readonly process: VirtualProcess;
  readonly remote: string;
  /** A new connection to the balancer. */
  dial(): HopEnd<Packet>;
}

/** A request without an answer is given up after this. */
const requestTimeoutMs: Ms = 30_000;

/** How one user reaches the system. */
export function createUserTransport(order: UserTransportOrder): Transport {
  return {
    request: async (request, { streamed = false } = {}) => {
      const answer = await ask(order, request.bytes === undefined ? request : await inOnePiece(request));
      return streamed ? answer : asText(answer);
    },
    open: (path, handlers) => openSocket(order, { path, handlers }),
  };
}

// ---

function ask(order: UserTransportOrder, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const end = order.dial();
    let answered = false;
    const giveUp = (): void => {
      if (answered) return;
      answered = true;
      cancelTimeout();
      end.cut();
      reject(new Error(`No answer to ${request.method} ${request.path}: the connection was lost.`));
    };
    const cancelTimeout = order.process.clock.after(requestTimeoutMs, giveUp);
    end.listen({
      receive(packet) {
        if (packet.kind !== 'response' || answered) return;
        answered = true;
        cancelTimeout();
        end.finish();
        resolve(packet.response);
      },
      ended: giveUp,
    });
    const packet: Packet = { kind: 'request', request, remote: order.remote };
    end.send(packet, packetBytes(packet));
  });
}

async function asText({ bytes, ...answer }: HttpResponse): Promise<HttpResponse> {
  if (bytes === undefined) return answer;
  const decoder = new TextDecoder();
  let body = '';
  for await (const piece of bytes.pieces) body += decoder.decode(piece, { stream: true });
  return { ...answer, body: body + decoder.decode() };
}

function openSocket(
  order: UserTransportOrder,
  { path, handlers }: { path: string; handlers: SocketHandlers & { opened(): void } },
): Socket {
  const end = order.dial();
  let open = false;
  let over = false;
  const endpoint = createEndpoint({
    process: order.process,
    end,
    remote: order.remote,
    handlers: () => handlers,
    frameIn: 0,
    frameOut: 0,
    downstream: () => ({ bytes: 0, waitMs: 0 }),
  });
  const failed = (): void => {
    if (over) return;
    over = true;
    end.cut();
    order.process.clock.after(0, () => handlers.closed(abnormalClosure, ''));
  };
  end.listen({
    receive(packet) {
      if (over) return;
      if (packet.kind !== 'opened') return endpoint.receive(packet);
      open = true;
      handlers.opened();
    },
    ended: () => (open ? endpoint.ended() : failed()),
  });
  const packet: Packet = { kind: 'open', path, remote: order.remote };
  end.send(packet, packetBytes(packet));
  return {
    remote: endpoint.socket.remote,
    get bufferedBytes() {
      return endpoint.socket.bufferedBytes;
    },
    send: (frame) => open && endpoint.socket.send(frame),
    close: (code, reason) => (open ? endpoint.socket.close(code, reason) : failed()),
    terminate: () => (open ? endpoint.socket.terminate() : failed()),
  };
}
