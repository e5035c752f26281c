import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHop, type HopEnd } from '../../../src/sim/backends/virtual/hop.ts';
import { createLinkQuality, type LinkSettings } from '../../../src/sim/backends/virtual/link.ts';
import { createVirtualLink, type VirtualLink } from '../../../src/sim/backends/virtual/virtual-link.ts';
import { createProcess, type VirtualProcess } from '../../../src/sim/backends/virtual/virtual-process.ts';
import { createVirtualTime } from '../../../src/sim/backends/virtual/virtual-time.ts';
import { createSeededRandom } from '../../../src/system/index.ts';

const plain: LinkSettings = { baseMs: 10, jitterMs: 0, bytesPerMs: 100, bufferBytes: 0 };

describe('a connection over a virtual link', () => {
  it('keeps the order, whatever the travel times', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(fc.nat({ max: 500 }), { maxLength: 40 }), async (seed, sizes) => {
        const heard = await over({ ...plain, jitterMs: 50 }, seed, ({ left }) => {
          for (const [index, bytes] of sizes.entries()) left.send(`${index}`, bytes);
          left.finish();
        });
        expect(heard.map(({ what }) => what)).toEqual([...sizes.map((_, index) => `${index}`), 'end']);
      }),
      { numRuns: 50 },
    );
  });

  it('takes the time of the bytes and of the way', async () => {
    const heard = await over(plain, 1, ({ left }) => {
      left.send('first', 500);
      left.send('second', 500);
    });
    expect(heard).toEqual([
      { what: 'first', atMs: 15 },
      { what: 'second', atMs: 20 },
    ]);
  });

  it('delivers what had left before the sender died, then the end', async () => {
    const heard = await over(plain, 1, ({ left, leftProcess, at }) => {
      left.send('left in time', 200);
      left.send('still waiting', 200);
      at(3, leftProcess.kill);
    });
    expect(heard).toEqual([
      { what: 'left in time', atMs: 12 },
      { what: 'end', atMs: 13 },
    ]);
  });

  it('delivers everything before an orderly end, and nothing after it', async () => {
    const heard = await over(plain, 1, ({ left }) => {
      left.send('before', 1000);
      left.finish();
      left.send('after', 1);
    });
    expect(heard.map(({ what }) => what)).toEqual(['before', 'end']);
  });

  it('shows what waits beyond the buffer', async () => {
    const shown: number[] = [];
    await over({ ...plain, bufferBytes: 300 }, 1, ({ left, at }) => {
      left.send('large', 1000);
      shown.push(left.backlogBytes());
      at(5, () => shown.push(left.backlogBytes()));
      at(8, () => shown.push(left.backlogBytes()));
    });
    expect(shown).toEqual([700, 200, 0]);
  });

  it('a link that is cut holds a mebibyte; what is more waits at the sender, and is lost with it', async () => {
    const shown: number[] = [];
    const heard = await over({ ...plain, bytesPerMs: 100_000 }, 1, ({ left, leftProcess, link, at }) => {
      link.set({ kind: 'cut' });
      for (const name of ['first', 'second', 'third']) left.send(name, 512 * 1024);
      at(100, () => shown.push(left.backlogBytes(), left.backlogMs()));
      at(200, leftProcess.kill);
      at(300, () => link.set({ kind: 'open' }));
    });
    expect(shown).toEqual([512 * 1024, 10]);
    expect(heard).toEqual(['first', 'second', 'end'].map((what) => ({ what, atMs: 300 })));
  });

  it('whoever has ended its half of a connection without a far end does not wait for ever', async () => {
    const heard: string[] = [];
    await over(
      plain,
      1,
      ({ left, link, at }) => {
        left.listen({ receive: () => undefined, ended: () => heard.push('end') });
        link.set({ kind: 'halfOpen' });
        at(100, left.finish);
        at(9000, () => heard.push('nothing yet'));
        at(9000, () => expect(link.connections).toBe(1));
      },
      20_000,
    );
    expect(heard).toEqual(['nothing yet', 'end']);
  });
});

// ---

interface Ends {
  readonly left: HopEnd<string>;
  readonly leftProcess: VirtualProcess;
  readonly link: VirtualLink;
  at(ms: number, run: () => void): void;
}

/** What the right end hears, and when. */
async function over(settings: LinkSettings, seed: number, act: (ends: Ends) => void, lastMs = 10_000) {
  const random = createSeededRandom(seed);
  const time = createVirtualTime(random.fork('time'));
  const leftProcess = createProcess(time, 'left');
  const link = createVirtualLink(time, 'b1-s1', random.fork('link:b1-s1'));
  const hop = createHop<string>(time, {
    link,
    left: leftProcess,
    right: createProcess(time, 'right'),
    quality: createLinkQuality(settings, random.fork('link')),
  });
  const heard: { what: string; atMs: number }[] = [];
  const note = (what: string) => heard.push({ what, atMs: time.clock.now() });
  hop.right.listen({ receive: note, ended: () => note('end') });
  await time.run(async () => {
    act({ left: hop.left, leftProcess, link, at: (ms, run) => void time.clock.after(ms, run) });
    await new Promise<void>((resolve) => void time.clock.after(lastMs, resolve));
  });
  return heard;
}
