import { createHash, randomBytes } from 'node:crypto';

/** The opening handshake of a WebSocket, the client's half (RFC 6455, section 4.1). */
export interface Handshake {
  /** What to send first. */
  readonly request: string;
  /** Takes what has arrived so far, all of it. */
  read(bytes: Buffer): HandshakeState;
}

/** `rest` is what came behind the server's answer and belongs to the first frames. */
type HandshakeState =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'open'; readonly rest: Buffer }
  | { readonly kind: 'refused'; readonly reason: string };

export function createHandshake(host: string, path: string): Handshake {
  const key = randomBytes(16).toString('base64');
  const lines = [
    `GET ${path} HTTP/1.1`,
    `host: ${host}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${key}`,
  ];
  return {
    request: `${lines.join('\r\n')}\r\n\r\n`,
    read: (bytes) => readAnswer(bytes, key),
  };
}

// ---

const headBytesMax = 16 * 1024;

function readAnswer(bytes: Buffer, key: string): HandshakeState {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0 && bytes.length < headBytesMax) return { kind: 'incomplete' };
  const head = bytes.toString('latin1', 0, Math.max(end, 0));
  const [statusLine = ''] = head.split('\r\n', 1);
  if (!/^HTTP\/1\.1 101 /.test(statusLine)) return { kind: 'refused', reason: `the answer was "${statusLine}"` };
  const accept = /\r\nsec-websocket-accept: *(\S+)/i.exec(head)?.[1];
  if (accept !== acceptFor(key)) return { kind: 'refused', reason: 'the answer is not that of a WebSocket server' };
  return { kind: 'open', rest: bytes.subarray(end + 4) };
}

function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}
