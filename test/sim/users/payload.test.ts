import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runTag, userIndexOf, userNameOf } from '../../../src/sim/users/names.ts';
import { createPayloadMaker, readPayload } from '../../../src/sim/users/payload.ts';
import { createSeededRandom, payload as payloadSchema, userName } from '../../../src/system/index.ts';

const maker = createPayloadMaker('k3f9x1', createSeededRandom(1));

const stamp = fc.record({
  index: fc.nat(2 ** 30 - 1),
  intendedMs: fc.double({ min: 0, max: 4e9, noNaN: true }),
  lateMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
  bytes: fc.integer({ min: 32, max: 45_000 }),
});

describe('a modelled payload', () => {
  it('is base64url of exactly the bytes asked for, and the protocol takes it', () => {
    fc.assert(
      fc.property(stamp, ({ index, intendedMs, lateMs, bytes }) => {
        const text = maker.make({ index, intendedMs, actualMs: intendedMs + lateMs }, bytes);
        expect(Buffer.from(text, 'base64url')).toHaveLength(bytes);
        expect(Buffer.from(text, 'base64url').toString('base64url')).toBe(text);
        expect(payloadSchema.safeParse(text).success).toBe(true);
      }),
    );
  });

  it('tells whoever gets it which message it is and when it was meant to be sent, to the microsecond', () => {
    fc.assert(
      fc.property(stamp, ({ index, intendedMs, lateMs, bytes }) => {
        const read = readPayload(maker.make({ index, intendedMs, actualMs: intendedMs + lateMs }, bytes))!;
        expect([read.tag, read.index]).toEqual(['k3f9x1', index]);
        expect(Math.abs(read.intendedMs - intendedMs)).toBeLessThan(0.001);
        expect(Math.abs(read.actualMs - intendedMs - lateMs)).toBeLessThan(0.002);
      }),
    );
  });

  it('is told from other text', () => {
    expect(readPayload('')).toBeNull();
    expect(readPayload('short')).toBeNull();
    expect(readPayload(`${'!'.repeat(40)}`)).toBeNull();
  });

  it('differs from message to message in its filler', () => {
    const one = maker.make({ index: 1, intendedMs: 1, actualMs: 1 }, 300);
    const two = maker.make({ index: 2, intendedMs: 1, actualMs: 1 }, 300);
    expect(one.slice(-200)).not.toBe(two.slice(-200));
  });
});

describe('names of simulated users', () => {
  it('are legal, and lead back to the user in their own run only', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(1e6), (seed, run, index) => {
        const tag = runTag(seed, run);
        expect(userName.safeParse(userNameOf(tag, index)).success).toBe(true);
        expect(userIndexOf(tag, userNameOf(tag, index))).toBe(index);
        expect(userIndexOf('zzzzzz', userNameOf(tag, index))).toBe(-1);
      }),
    );
  });

  it.each(['', 'u', 'bob', 'u-k3f9x1', 'u1', 'u01-k3f9x1', 'u1.5-k3f9x1', 'x1-k3f9x1'])('are not "%s"', (name) => {
    expect(userIndexOf('k3f9x1', name)).toBe(-1);
  });
});
