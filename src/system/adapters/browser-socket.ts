import type { Socket, SocketHandlers } from '../ports.ts';

/** Opens a WebSocket. What is sent before it is open is dropped, as after a close. */
export function openBrowserSocket(to: URL, handlers: SocketHandlers & { opened(): void }): Socket {
  const url = new URL(to);
  url.protocol = to.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  /** Closed here: what still comes is not heard. */
  let isClosing = false;
  let isOver = false;
  let waitsForDrain = false;

  socket.addEventListener('open', () => {
    if (!isClosing) handlers.opened();
  });
  socket.addEventListener('message', ({ data }) => {
    // All frames are text; what is not is handed on as something that is no frame.
    if (!isClosing) handlers.message(typeof data === 'string' ? data : '');
  });
  socket.addEventListener('close', ({ code, reason }) => finish(code === noCode ? normalCode : code, reason));

  return {
    remote: url.host,
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(frame) {
      if (isClosing || socket.readyState !== WebSocket.OPEN) return;
      socket.send(frame);
      if (handlers.drained && !waitsForDrain) waitForDrain();
    },
    close(code, reason) {
      if (isClosing) return;
      isClosing = true;
      socket.close(isAllowed(code) ? code : normalCode, reason.slice(0, reasonCharsMax));
    },
    terminate() {
      isClosing = true;
      socket.close();
      queueMicrotask(() => finish(lostCode, 'the connection was cut'));
    },
  };

  function finish(code: number, reason: string): void {
    if (isOver) return;
    isClosing = true;
    isOver = true;
    handlers.closed(code, reason || (code === lostCode ? 'the connection was lost' : ''));
  }

  /** Browsers do not say when the queue is empty. */
  function waitForDrain(): void {
    waitsForDrain = true;
    setTimeout(() => {
      waitsForDrain = false;
      if (isOver) return;
      if (socket.bufferedAmount === 0) handlers.drained?.();
      else waitForDrain();
    }, drainLookMs);
  }
}

// ---

const normalCode = 1000;
/** The peer's close frame carried no code. */
const noCode = 1005;
const lostCode = 1006;
const drainLookMs = 50;
/** 123 bytes of UTF-8 are allowed, and a character takes at most three. */
const reasonCharsMax = 41;

/** Browsers let a page close with no other. */
function isAllowed(code: number): boolean {
  return code === normalCode || (code >= 3000 && code <= 4999);
}
