import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromText, textChars, toText } from '../../../../src/system/client/encryption/text.ts';

describe('base64url', () => {
  it('is what Node writes, and reads back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = toText(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(text).toHaveLength(textChars(bytes.length));
        expect(fromText(text)).toEqual(bytes);
      }),
    );
  });

  it('has one form for each string of bytes: any other text is refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_-]*$/)), (text) => {
        const bytes = fromText(text);
        if (bytes !== null) expect(toText(bytes)).toBe(text);
      }),
      { numRuns: 1000 },
    );
    for (const text of ['A', 'AB', 'AAB', 'AA==', 'A+', 'A/', ' AA', 'AA\n', 'é']) expect(fromText(text)).toBeNull();
  });
});
