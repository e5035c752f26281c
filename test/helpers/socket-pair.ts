import type { Socket, SocketHandlers } from '../../src/system/ports.ts';

/** Both ends of one connection. The client's end can stop reading. */
export interface SocketPair {
  /** What the server is given. */
  readonly server: Socket;
  /** Connects the server's handlers; frames arrive only afterwards. */
  attach(handlers: SocketHandlers): void;
  send(frame: string): void;
  /** The client closes. */
  close(code?: number): void;
  /** The client stops reading: frames stay in the server's buffer. */
  stall(): void;
  resume(): void;
  /** The largest number of bytes that waited at the server. */
  readonly bufferedMax: number;
}

export interface ClientEnd {
  message(frame: string): void;
  closed(code: number): void;
}

/** A connection without a network: what is sent arrives at once, in order, unless the client has stopped reading. */
export function createSocketPair(client: ClientEnd, remote = '127.0.0.1'): SocketPair {
  let handlers: SocketHandlers | null = null;
  let stalled = false;
  let over = false;
  let closing: number | null = null;
  let waiting: string[] = [];
  let bytes = 0;
  let bufferedMax = 0;

  const finish = (code: number): void => {
    if (over) return;
    over = true;
    handlers?.closed(code, '');
    client.closed(code);
  };
  const flush = (): void => {
    const frames = waiting;
    waiting = [];
    const hadSome = bytes > 0;
    bytes = 0;
    for (const frame of frames) if (!over) client.message(frame);
    if (closing !== null) finish(closing);
    else if (hadSome && !over) handlers?.drained?.();
  };

  return {
    server: {
      remote,
      get bufferedBytes() {
        return bytes;
      },
      send(frame) {
        if (over || closing !== null) return;
        if (!stalled) return client.message(frame);
        waiting.push(frame);
        bytes += frame.length;
        bufferedMax = Math.max(bufferedMax, bytes);
      },
      close(code) {
        if (over || closing !== null) return;
        closing = code;
        if (!stalled) queueMicrotask(flush);
      },
      terminate: () => finish(1006),
    },
    attach(owner) {
      handlers = owner;
    },
    send(frame) {
      if (!over && closing === null) handlers?.message(frame);
    },
    close: (code = 1000) => finish(code),
    stall() {
      stalled = true;
    },
    resume() {
      stalled = false;
      flush();
    },
    get bufferedMax() {
      return bufferedMax;
    },
  };
}
