import type { HttpRequest, HttpResponse, Socket } from '../../src/system/ports.ts';
import type { ChatServer } from '../../src/system/server/contract.ts';

export type EchoRequest = HttpRequest & { readonly remote: string };

/** Records what reaches it and echoes: enough of a chat server to see what an adapter does. */
export function createEcho(
  answer: (request: EchoRequest) => Promise<HttpResponse> = async () => ({ status: 200, body: '{}' }),
) {
  const sockets: Socket[] = [];
  const frames: string[] = [];
  const closes: number[] = [];
  let drains = 0;
  const chat: ChatServer = {
    start: async () => {},
    http: answer,
    accept: (socket) => {
      sockets.push(socket);
      return {
        message: (frame) => {
          frames.push(frame);
          socket.send(frame);
        },
        drained: () => {
          drains += 1;
        },
        closed: (code) => void closes.push(code),
      };
    },
    stats: () => ({
      server: 's1' as never,
      uptimeMs: 1500,
      draining: false,
      databaseUp: true,
      sessions: 3,
      inFlight: 0,
      acceptedTotal: 42,
      deliveredTotal: 84,
      ephemeralReceivedTotal: 0,
      ephemeralDeliveredTotal: 0,
      presenceDeliveredTotal: 0,
      ephemeralCoalescedTotal: 0,
      ephemeralDroppedTotal: 0,
      ephemeralQueued: 0,
      acceptedPerSec: 1,
      deliveredPerSec: 2,
      cpuFraction: 0.5,
      cpuMicros: 2_000_000,
      eventLoopUtilization: 0.25,
      eventLoopP99Ms: 5,
      rssBytes: 1000,
      batchP50Ms: 3,
    }),
    drain: async () => {},
  };
  return { chat, sockets, frames, closes, drains: () => drains };
}
