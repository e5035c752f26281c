import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameReader } from '../../../src/system/adapters/server-frames.ts';
import { Sender } from '../../../src/system/adapters/ws-parts.ts';

interface Kind {
  readonly fin: boolean;
  readonly opcode: number;
  readonly mask: boolean;
}
const text = { fin: true, opcode: 1, mask: true };

function frame(body: string | Buffer, kind: Partial<Kind> = {}): Buffer {
  const options = { ...text, ...kind, rsv1: false as const, readOnly: false as const };
  return Buffer.concat(Sender.frame(Buffer.from(body), options as typeof options & { fin: true }));
}

/** Reads the bytes in pieces, each through the same memory as a socket does, and answers what came out, in order. */
function read(pieces: readonly Buffer[], frameBytesMax = 70_000): (string | Buffer)[] {
  const seen: (string | Buffer)[] = [];
  const take = createFrameReader({ text: (one) => seen.push(one), other: (bytes) => seen.push(bytes) }, frameBytesMax);
  const memory = Buffer.alloc(256 * 1024);
  for (const piece of pieces) {
    piece.copy(memory);
    take(memory.subarray(0, piece.length));
    memory.fill(0x55, 0, piece.length);
  }
  return seen;
}

/** The bytes in pieces of the given sizes, used again and again. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const short = fc.string({ unit: 'binary', maxLength: 300 }).map((body) => body.toWellFormed());
const long = fc.constantFrom(125, 126, 65_535, 65_536).map((length) => 'x'.repeat(length));
const sizesFrom = (min: number) => fc.array(fc.integer({ min, max: 3000 }), { minLength: 1, maxLength: 5 });

describe('a server reads frames', () => {
  it('of text as they were sent, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(short, long), { maxLength: 4 }), sizesFrom(100), (sent, cuts) => {
        const frames = sent.map((body) => frame(body));
        const seen = read(cut(Buffer.concat(frames), cuts));
        expect(seen).toEqual(sent.map((body, index) => (body.includes('\ufffd') ? frames[index] : body)));
      }),
    );
  });

  it('of other kinds whole, as they came and in their place, for the parser that knows them', () => {
    const kinds = fc.record({ fin: fc.boolean(), opcode: fc.constantFrom(0, 1, 2, 8, 9, 10), mask: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.tuple(short, kinds), { maxLength: 8 }), sizesFrom(1), (sent, cuts) => {
        const frames = sent.map(([body, kind]) => frame(body, kind));
        const seen = read(cut(Buffer.concat(frames), cuts));
        expect(seen).toEqual(seen.map((one, index) => (typeof one === 'string' ? sent[index]![0] : frames[index])));
        expect(seen).toHaveLength(sent.length);
      }),
    );
  });

  it('of fragmented messages by the other parser only, until the message is complete', () => {
    const first = frame('a', { fin: false });
    const between = frame('in between');
    const last = frame('b', { fin: true, opcode: 0 });
    const ping = frame('', { opcode: 9 });
    const seen = read([Buffer.concat([first, ping, between, last, frame('after')])]);
    expect(seen).toEqual([first, ping, between, last, 'after']);
  });

  it('without a mask, or that are no UTF-8, by the other parser, which says so', () => {
    const broken = frame(Buffer.from([0x61, 0xff, 0x62, 0xfe, 0x63]));
    const bare = frame('bare', { mask: false });
    expect(read([broken, bare, frame('fine')])).toEqual([broken, bare, 'fine']);
  });

  it('and does not wait for one over the limit', () => {
    const beginning = frame('x'.repeat(2000)).subarray(0, 100);
    expect(read([beginning], 1000)).toEqual([beginning]);
  });
});
