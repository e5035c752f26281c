import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64urlChars, fromBase64url, toBase64url } from '../../src/system/base64url.ts';

describe('base64url', () => {
  it('is what Node writes, and reads back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = toBase64url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(text).toHaveLength(base64urlChars(bytes.length));
        expect(fromBase64url(text)).toEqual(bytes);
      }),
    );
  });

  it('has one form for each string of bytes: any other text is refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_-]*$/)), (text) => {
        const bytes = fromBase64url(text);
        if (bytes !== null) expect(toBase64url(bytes)).toBe(text);
      }),
      { numRuns: 1000 },
    );
    for (const text of ['A', 'AB', 'AAB', 'AA==', 'A+', 'A/', ' AA', 'AA\n', 'é'])
      expect(fromBase64url(text)).toBeNull();
  });
});
