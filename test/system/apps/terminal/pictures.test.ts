import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, it } from 'vitest';
import { decodePicture, pngOf } from '../../../../src/system/apps/terminal/pictures/decode.ts';
import { fittingSize, halfBlocks } from '../../../../src/system/apps/terminal/pictures/half-blocks.ts';
import { graphicsOf, graphicsProtocol } from '../../../../src/system/apps/terminal/pictures/protocol.ts';
import { fitLine } from '../../../../src/system/apps/terminal/text/spans.ts';
import { inspectImage } from '../../../../src/system/client/images/index.ts';

const picture = { width: 40, height: 20 };

describe('a picture in a terminal', () => {
  it('is two pixels in each character', async () => {
    const small = createCanvas(2, 2);
    const context = small.getContext('2d');
    context.fillStyle = 'red';
    context.fillRect(0, 0, 2, 1);
    context.fillStyle = 'blue';
    context.fillRect(0, 1, 2, 1);
    const bytes = await small.encode('png');
    const pixels = await decodePicture({ width: 2, height: 2, bytes }, { columns: 4, rows: 1 });
    const block = { text: '▀', style: { color: '#ff0000', background: '#0000ff' } };
    expect(halfBlocks(pixels)).toEqual([[block, block]]);
  });

  it('ends where it ends: nothing behind it has its colors', () => {
    const block = { text: '▀', style: { color: '#ff0000', background: '#0000ff' } };
    expect(fitLine([block], 3)).toEqual([block, { text: '  ' }]);
    expect(fitLine([{ text: 'x', style: { inverse: true } }], 3).at(-1)).toEqual({
      text: '  ',
      style: { inverse: true },
    });
  });

  it('keeps its shape within the room, and is never enlarged', () => {
    expect(fittingSize({ width: 300, height: 200 }, { columns: 28, rows: 8 })).toEqual({ width: 24, height: 16 });
    expect(fittingSize({ width: 5, height: 4 }, { columns: 28, rows: 8 })).toEqual({ width: 5, height: 4 });
    expect(fittingSize({ width: 10_000, height: 1 }, { columns: 28, rows: 8 })).toEqual({ width: 28, height: 1 });
  });

  it.each<[string, Record<string, string>, string | null]>([
    ['kitty', { TERM: 'xterm-kitty', KITTY_WINDOW_ID: '1' }, 'kitty'],
    ['ghostty', { TERM_PROGRAM: 'ghostty' }, 'kitty'],
    ['iTerm2', { TERM_PROGRAM: 'iTerm.app' }, 'iterm2'],
    ['Konsole', { KONSOLE_VERSION: '221203' }, 'iterm2'],
    ['an old Konsole', { KONSOLE_VERSION: '200400' }, null],
    ['any other', { TERM: 'xterm-256color' }, null],
    ['kitty behind tmux', { TERM: 'screen', KITTY_WINDOW_ID: '1', TMUX: '/tmp/tmux' }, null],
  ])('speaks what %s understands', (_, env, protocol) => {
    expect(graphicsProtocol(env)).toBe(protocol);
  });

  it('comes to the terminal as a PNG of our own making, whole, in pieces of a bearable size', async () => {
    const bytes = await pngOf({ ...picture, bytes: await createCanvas(40, 20).encode('jpeg') });
    expect(inspectImage(bytes)).toEqual({ type: 'image/png', ...picture });
    const large = new Uint8Array(10_000).fill(7);
    const kitty = graphicsOf('kitty', { ...picture, bytes: large }, { columns: 80, rows: 22 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
    const pieces = [...kitty.matchAll(/\x1b_G([^;]*);([^\x1b]*)\x1b\\/g)];
    expect(pieces.map(([, keys]) => keys)).toEqual(['a=T,f=100,q=2,c=80,r=20,m=1', 'm=1', 'm=1', 'm=0']);
    expect(Buffer.from(pieces.map(([, , data]) => data).join(''), 'base64').equals(large)).toBe(true);
    expect(graphicsOf('iterm2', { ...picture, bytes: large }, { columns: 80, rows: 22 })).toContain(
      `]1337;File=inline=1;size=10000;width=80;height=22;preserveAspectRatio=1:${Buffer.from(large).toString('base64')}`,
    );
  });

  it('that is too large to be decoded is refused in one sentence', async () => {
    const huge = { bytes: new Uint8Array(), width: 10_000, height: 10_000 };
    await expect(decodePicture(huge, { columns: 10, rows: 10 })).rejects.toThrow('too many to be shown here; /save it');
  });
});
