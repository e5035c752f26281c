import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const file = new URL('../../../../src/system/apps/web/style/colours.css', import.meta.url);
const [light, dark] = readFileSync(file, 'utf8').split('@media (prefers-color-scheme: dark)').map(namedColours);

/** Text and what it stands on: at least 4.5 to 1 (WCAG 2.2, success criterion 1.4.3, level AA). */
const texts: readonly (readonly [string, readonly string[]])[] = [
  ['text', ['page', 'surface', 'raised', 'hover', 'selected', 'field', 'danger-soft']],
  ['muted', ['page', 'surface', 'raised', 'hover', 'selected', 'field']],
  ['accent', ['page', 'surface', 'hover', 'selected', 'danger-soft', 'own']],
  ['on-accent', ['accent']],
  ['on-danger', ['danger']],
  ['own-text', ['own']],
  ['own-muted', ['own']],
  ['foreign-text', ['foreign']],
  ['muted', ['foreign']],
  ['accent', ['foreign']],
  ['danger', ['page', 'surface', 'danger-soft']],
  ['warn-text', ['warn-soft']],
  ...Array.from({ length: 8 }, (_, hue) => [`hue-${hue}`, ['foreign', 'surface']] as const),
];

/** Borders of fields, rings of focus, signs: at least 3 to 1 (1.4.11). */
const signs: readonly (readonly [string, readonly string[]])[] = [
  ['field-line', ['page', 'surface', 'field']],
  ['focus', ['page', 'surface', 'hover', 'selected', 'own', 'foreign']],
  ['up', ['page', 'surface', 'hover', 'selected']],
  ['down', ['page', 'surface', 'hover']],
];

describe.each([
  ['light', light!],
  ['dark', { ...light!, ...dark! }],
])('the colours of the %s look', (_name, colours) => {
  it('keep texts apart from their ground', () => {
    expect(tooClose(colours, texts, 4.5)).toEqual([]);
  });

  it('keep fields, focus and signs apart from theirs', () => {
    expect(tooClose(colours, signs, 3)).toEqual([]);
  });

  it('keep initials apart from their circles, which are mixed of the hue and the surface', () => {
    const close = Array.from({ length: 8 }, (_, hue) => {
      const ink = rgbOf(colours, `hue-${hue}`);
      const circle = rgbOf(colours, 'surface').map((part, at) => 0.85 * part + 0.15 * ink[at]!);
      return contrast(ink, circle);
    }).filter((ratio) => ratio < 4.5);
    expect(close).toEqual([]);
  });
});

// ---

type Colours = Readonly<Record<string, string>>;

function namedColours(css: string): Colours {
  return Object.fromEntries(
    [...css.matchAll(/--([a-z0-9-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, hex]) => [name!, hex!]),
  );
}

function tooClose(colours: Colours, pairs: typeof texts, least: number): readonly string[] {
  return pairs.flatMap(([front, backs]) =>
    backs
      .map((back) => [back, contrast(rgbOf(colours, front), rgbOf(colours, back))] as const)
      .filter(([, ratio]) => ratio < least)
      .map(([back, ratio]) => `${front} on ${back}: ${ratio.toFixed(2)}`),
  );
}

function rgbOf(colours: Colours, name: string): readonly number[] {
  const hex = colours[name];
  if (hex === undefined) throw new Error(`There is no colour ${name}.`);
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: readonly number[], b: readonly number[]): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

function luminance(rgb: readonly number[]): number {
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
