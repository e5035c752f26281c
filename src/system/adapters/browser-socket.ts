import type { Socket, SocketHandlers } from '../ports.ts';

/** Opens a browser's WebSocket as a message connection. */
export function openBrowserSocket(origin: URL, path: string, handlers: SocketHandlers & { opened(): void }): Socket {
  const url = new URL(path, origin);
  url.protocol = origin.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  let isOver = false;
  let draining: ReturnType<typeof setInterval> | null = null;
  socket.onopen = () => isOver || handlers.opened();
  // A server sends text; anything else is shown as what cannot be JSON.
  socket.onmessage = ({ data }) => isOver || handlers.message(typeof data === 'string' ? data : '');
  socket.onclose = ({ code, reason }) => end(code, reason);

  return {
    remote: url.host,
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(frame) {
      if (socket.readyState !== socketOpen) return;
      socket.send(frame);
      if (handlers.drained !== undefined && socket.bufferedAmount > 0) watchDrain();
    },
    close: (code, reason) => socket.close(closable(code), reason.slice(0, reasonCharsMax)),
    // A browser has no way to cut a connection: it is closed behind one's back.
    terminate() {
      socket.close();
      end(abnormal, '');
    },
  };

  function end(code: number, reason: string): void {
    if (isOver) return;
    isOver = true;
    if (draining !== null) clearInterval(draining);
    handlers.closed(code, reason);
  }

  /** Browsers do not tell when the queue is empty. */
  function watchDrain(): void {
    draining ??= setInterval(() => {
      if (socket.bufferedAmount > 0) return;
      clearInterval(draining!);
      draining = null;
      handlers.drained?.();
    }, drainLookMs);
  }
}

// ---

const socketOpen = 1;
/** RFC 6455, section 7.4.1: there was no close frame. */
const abnormal = 1006;
const drainLookMs = 50;
/** 123 bytes of UTF-8 are allowed, and a character takes at most three. */
const reasonCharsMax = 41;

/** Pages may say 1000, or 3000 to 4999 (WHATWG WebSockets, `close`). */
function closable(code: number): number {
  return code === 1000 || (code >= 3000 && code <= 4999) ? code : 1000;
}
