import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNodeCiphers } from '../../../src/system/adapters/node-ciphers.ts';
import { createWebCiphers } from '../../../src/system/adapters/web-ciphers.ts';
import { cutAt, pattern } from '../../helpers/byte-streams.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

describe.each([
  ['node', createNodeCiphers()],
  ['web', createWebCiphers()],
])('the ciphers of %s', (_, ciphers) => {
  it('seal as the GCM specification says (test case 16)', async () => {
    const aead = ciphers.aead(hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'));
    const nonce = hex('cafebabefacedbaddecaf888');
    const bound = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
    const data = hex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    );
    const sealed = await aead.seal({ nonce, bound, data });
    expect(Buffer.from(sealed).toString('hex')).toBe(
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
    );
    expect(Buffer.from((await aead.open({ nonce, bound, data: sealed }))!)).toEqual(Buffer.from(data));
  });

  it('open nothing under another nonce, other bound data or another key, nor what is too short', async () => {
    const [nonce, bound] = [pattern(12), pattern(5)];
    const aead = ciphers.aead(pattern(32));
    const data = await aead.seal({ nonce, bound, data: pattern(50) });
    expect(await aead.open({ nonce: pattern(12, 2), bound, data })).toBeNull();
    expect(await aead.open({ nonce, bound: pattern(6), data })).toBeNull();
    expect(await ciphers.aead(pattern(32, 2)).open({ nonce, bound, data })).toBeNull();
    for (const length of [0, 1, 15, 16, 65]) {
      expect(await aead.open({ nonce, bound, data: data.subarray(0, length) })).toBeNull();
    }
  });

  it('digest as SHA-256 does, whatever the pieces', () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
    const length = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20_000 }));
    fc.assert(
      fc.property(length, cuts, (size, at) => {
        const bytes = pattern(size);
        const running = ciphers.startSha256();
        for (const piece of cutAt(bytes, at)) running.update(piece);
        const digest = Buffer.from(running.digest()).toString('hex');
        expect(digest).toBe(createHash('sha256').update(bytes).digest('hex'));
      }),
    );
  });
});
