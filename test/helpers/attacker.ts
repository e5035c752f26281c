/** Connections that do not keep to the rules, over real sockets, and what may be answered to them. */
import { connect, type Socket } from 'node:net';
import { closeCodes, errors } from '../../src/system/protocol/errors.ts';

export interface Attack {
  readonly bytes: Buffer;
  /** Where the bytes are cut into separate writes, as shares of their length. */
  readonly cuts: readonly number[];
  /**
   * What follows the last byte: nothing, the end of one's own direction, a reset, or not even reading any more. `drip`: the
   * bytes come one by one instead, and never end.
   */
  readonly then: 'wait' | 'half' | 'reset' | 'deaf' | 'drip';
}

/**
 * Carries an attack out; resolves with everything that came back once the other side has ended the connection. Rejects when
 * that has not happened after `withinMs`. A deaf one cannot hear of the end: it is held open, and resolves with nothing.
 */
export function carryOut({ bytes, cuts, then }: Attack, port: number, withinMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`The connection is still open after ${withinMs} ms.`));
    }, withinMs);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(late);
      resolve(Buffer.concat(received));
    });
    socket.on('end', () => socket.end());
    if (then === 'deaf') held.add(socket.pause());
    else socket.on('data', (chunk) => void received.push(chunk));
    socket.on('connect', () => void writeAll());

    async function drip(): Promise<void> {
      for (let at = 0; !socket.destroyed && socket.writable; at++) {
        socket.write(bytes.subarray(at % bytes.length, (at % bytes.length) + 1));
        await new Promise((next) => setTimeout(next, dripMs));
      }
    }

    async function writeAll(): Promise<void> {
      if (then === 'drip' && bytes.length > 0) return drip();
      for (const piece of piecesOf(bytes, cuts)) {
        socket.write(piece);
        await new Promise((next) => setImmediate(next));
      }
      if (then === 'half') socket.end();
      if (then === 'reset') socket.resetAndDestroy();
      if (then !== 'deaf') return;
      clearTimeout(late);
      resolve(Buffer.alloc(0));
    }
  });
}

const dripMs = 20;

/** Connections of deaf attackers: their own ends. */
const held = new Set<Socket>();

/** Lets go of the connections of deaf attackers; answers how many ends were still there. */
export function releaseDeaf(): number {
  const open = [...held].filter((socket) => !socket.destroyed).length;
  for (const socket of held) socket.destroy();
  held.clear();
  return open;
}

/** Why a reply is none that the protocol knows; null when all is well. Nothing at all is a reply too. */
export function wrongInReply(reply: Buffer, method: string): string | null {
  const end = reply.indexOf('\r\n\r\n');
  if (reply.length === 0) return null;
  const head = reply.toString('latin1', 0, Math.max(end, 0));
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  if (end < 0 || Number.isNaN(status)) return `This is no HTTP: ${reply.toString('latin1', 0, 200)}`;
  const rest = reply.subarray(end + 4);
  if (status === 100) return wrongInReply(rest, method);
  if (status === 101) return wrongInFrames(rest);
  return status < 400 || method === 'HEAD' ? null : wrongInRefusal(status, rest.toString('utf8'));
}

/** One WebSocket frame as a client sends it, with everything that can be wrong about it. */
export function frameBytes(frame: {
  readonly opcode: number;
  readonly body: Buffer;
  readonly final?: boolean;
  readonly masked?: boolean;
  readonly reserved?: number;
  /** Instead of the true length. */
  readonly length?: number;
}): Buffer {
  const { opcode, body, final = true, masked = true, reserved = 0, length = body.length } = frame;
  const head = Buffer.alloc(10);
  head[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  // A mask of zeros is a mask.
  return Buffer.concat([shortest(head, length), masked ? Buffer.alloc(4) : Buffer.alloc(0), body]);
}

// ---

function piecesOf(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = cuts.map((share) => Math.floor(share * bytes.length)).toSorted((a, b) => a - b);
  return [...places, bytes.length].map((to, index) => bytes.subarray(index === 0 ? 0 : places[index - 1], to));
}

/** HTTP has names of its own for a request that came too slowly or with too long a head. */
const ownStatuses: readonly number[] = [408, 431];

function wrongInRefusal(status: number, body: string): string | null {
  const said = `${status} ${body.slice(0, 200)}`;
  const code = codeIn(body);
  if (code === null) return `A refusal without a code of the protocol: ${said}`;
  const fits = errors[code].status === status || (code === 'malformed' && ownStatuses.includes(status));
  if (!fits) return `A code with a status that is not its own: ${said}`;
  return status === 500 ? `A failure inside: ${said}` : null;
}

function codeIn(json: string): keyof typeof errors | null {
  try {
    const { code } = JSON.parse(json) as { readonly code: string };
    return Object.hasOwn(errors, code) ? (code as keyof typeof errors) : null;
  } catch {
    return null;
  }
}

/** Every frame of a server must be text of the protocol, a pong, or a close with a known code. */
function wrongInFrames(bytes: Buffer): string | null {
  for (let rest = bytes; rest.length >= 2; ) {
    const short = rest[1]!;
    const headLength = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    const body = rest.subarray(headLength, headLength + length);
    // The connection was cut in the middle of a frame.
    if (body.length < length) return null;
    const wrong = wrongInFrame(rest[0]!, body);
    if (wrong !== null) return wrong;
    rest = rest.subarray(headLength + length);
  }
  return null;
}

const text = 0x81;
const closing = 0x88;
const pong = 0x8a;
/** What WebSockets themselves say of a broken frame, of text that is not UTF-8, of a frame that is too large. */
const ownCloseCodes: readonly number[] = [1000, 1002, 1007, 1009];

function wrongInFrame(first: number, body: Buffer): string | null {
  if (first === pong) return null;
  if (first === closing) {
    const code = body.length < 2 ? 1000 : body.readUInt16BE(0);
    const known = ownCloseCodes.includes(code) || (Object.hasOwn(closeCodes, code) && code !== 4011);
    return known ? null : `Closed with ${code} ${body.subarray(2).toString()}`;
  }
  if (first !== text) return `A frame that begins with byte ${first}`;
  const frame = JSON.parse(body.toString('utf8')) as { readonly type: string; readonly code?: string };
  if (frame.type !== 'refused') return null;
  const { code = '' } = frame;
  const known = Object.hasOwn(errors, code) && code !== 'uncertain' && code !== 'databaseDown';
  return known ? null : `Refused with ${code}`;
}

/** The head in the fewest bytes that hold the length, as clients must. */
function shortest(head: Buffer, length: number): Buffer {
  if (length >= 65_536) return head;
  const [flags, masked] = [head[0]!, head[1]! & 0x80];
  if (length < 126) return Buffer.from([flags, masked | length]);
  return Buffer.from([flags, masked | 126, length >> 8, length & 0xff]);
}
