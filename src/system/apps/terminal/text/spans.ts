import { cut, widthOf } from './width.ts';

/** A piece of a line of the screen. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

export interface Style {
  readonly color?: string;
  readonly background?: string;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly inverse?: boolean;
}

export type Line = readonly Span[];

export function span(text: string, style?: Style): Span {
  return style ? { text, style } : { text };
}

/** A line of one piece. */
export function line(text: string, style?: Style): Line {
  return [span(text, style)];
}

export const dim: Style = { dim: true };
export const bold: Style = { bold: true };
export const warning: Style = { color: 'yellow' };

export function lineWidth(spans: Line): number {
  return spans.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** Cut or filled to exactly so many columns; what is filled takes the last piece's style if it is inverse. */
export function fitLine(spans: Line, columns: number): Line {
  const kept: Span[] = [];
  let left = columns;
  for (const each of spans) {
    if (left <= 0) break;
    const text = cut(each.text, left);
    left -= widthOf(text);
    kept.push({ ...each, text });
  }
  if (left <= 0) return kept;
  const last = spans.at(-1)?.style;
  return [...kept, span(' '.repeat(left), last?.inverse ? last : undefined)];
}

/** One at the left end, one at the right; when there is no room for both, the right one stays whole. */
export function sides(left: Line, right: Line, columns: number): Line {
  const room = columns - lineWidth(right);
  return room <= 0 ? fitLine(right, columns) : [...fitLine(left, room), ...right];
}

/** A ruled line with a title in it. */
export function rule(title: string, columns: number): Line {
  if (title === '') return line('─'.repeat(columns), dim);
  const text = cut(`── ${title} `, columns);
  return line(text + '─'.repeat(Math.max(0, columns - widthOf(text))), dim);
}

export function textOf(spans: Line): string {
  return spans.map(({ text }) => text).join('');
}
