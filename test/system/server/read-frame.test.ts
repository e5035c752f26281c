import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientFrame } from '../../../src/system/protocol/frames.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { isPlainPointer, isPlainSend, readFrame } from '../../../src/system/server/read-frame.ts';
import { mutatedFrame, validFrame } from '../../helpers/arbitrary-frames.ts';

describe('reading a frame', () => {
  it('the check by hand never accepts what the schema refuses', () => {
    fc.assert(
      fc.property(fc.oneof(mutatedFrame, validFrame, fc.jsonValue()), (value) => {
        if (isPlainSend(value) || isPlainPointer(value)) expect(clientFrame.safeParse(value).data).toEqual(value);
      }),
      { numRuns: 3000 },
    );
  });

  it('the check by hand accepts every valid `send` and `ack`', () => {
    fc.assert(
      fc.property(validFrame, (frame) => {
        expect(isPlainSend(frame)).toBe(frame.type === 'send');
        expect(isPlainPointer(frame)).toBe(frame.type === 'ack' || frame.type === 'read');
      }),
    );
  });

  it('accepts exactly what the schema accepts, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(mutatedFrame, validFrame, fc.jsonValue()), (value) => {
        const expected = clientFrame.safeParse(value);
        expect(readFrame(JSON.stringify(value)).kind).toBe(expected.success ? 'frame' : 'bad');
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readFrame(text)));
  });

  it.each([
    ['{', 'malformed', 'not JSON', undefined],
    ['[]', 'malformed', 'The frame', undefined],
    ['{"type":"fly"}', 'malformed', '"type"', undefined],
    ['{"type":"ack","conversation":1}', 'malformed', '"upTo"', undefined],
    ['{"type":"send","clientId":3,"conversation":1,"epoch":0,"payload":"é"}', 'malformed', '"payload"', 3],
    ['{"type":"send","clientId":3,"conversation":1,"epoch":0,"payload":"","more":1}', 'malformed', 'more', 3],
  ])('%s is %s, and the reason names %s', (text, code, place, clientId) => {
    const read = readFrame(text);
    expect(read).toMatchObject({ kind: 'bad', code, detail: expect.stringContaining(place), clientId });
  });

  it('a payload over its limit is too large', () => {
    const payload = 'x'.repeat(limits.payloadCharsMax + 1);
    const text = JSON.stringify({ type: 'send', clientId: 3, conversation: 1, epoch: 0, payload });
    expect(readFrame(text)).toMatchObject({ kind: 'bad', code: 'tooLarge', clientId: 3 });
    const keys = { epoch: 1, commit: payload };
    const change = JSON.stringify({ type: 'commit', clientId: 3, conversation: 1, keys });
    expect(readFrame(change)).toMatchObject({ kind: 'bad', code: 'tooLarge', clientId: 3 });
  });
});
