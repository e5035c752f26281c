/**
 * How many columns text takes, as terminals and ink count: by grapheme; East Asian wide characters (Unicode Standard Annex
 * #11) and emoji take two, marks and joiners none. For text without controls only.
 */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += clusterWidth(segment);
  return width;
}

/** Text in graphemes, each with its columns. */
export function clustersOf(text: string): readonly Cluster[] {
  if (ascii.test(text)) return Array.from(text, (char) => ({ text: char, width: 1 }));
  return Array.from(segmenter.segment(text), ({ segment }) => ({ text: segment, width: clusterWidth(segment) }));
}

export interface Cluster {
  readonly text: string;
  readonly width: number;
}

/** Cut to so many columns, with an ellipsis where something was cut. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let width = 0;
  let kept = '';
  for (const cluster of clustersOf(text)) {
    if (width + cluster.width > columns - 1) break;
    width += cluster.width;
    kept += cluster.text;
  }
  return `${kept}…`;
}

/** Cut or filled with spaces to exactly so many columns. */
export function padTo(text: string, columns: number): string {
  const kept = cut(text, columns);
  return kept + ' '.repeat(Math.max(0, columns - widthOf(kept)));
}

/** Broken into lines of at most so many columns: at spaces where possible, else within the word. */
export function wrap(text: string, columns: number): readonly string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(2, columns)));
}

// ---

const ascii = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter();
const visible = /[^\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}\p{Nonspacing_Mark}\p{Enclosing_Mark}]/v;
/** Those behind the first character that take a column of their own; the last two are the halfwidth voiced sound marks. */
const spacing = /[\p{Spacing_Mark}\uFF9E\uFF9F]/gv;
const emoji = /^\p{RGI_Emoji}$/v;
const keycap = /^[\d#*]\u20E3$/;
const pictographic = /\p{Extended_Pictographic}/gv;
/** Wide or fullwidth by East Asian Width, and not emoji. */
const wide =
  /[\u1100-\u115E\u2329\u232A\u2630-\u2637\u268A-\u268F\u2E80-\u3029\u302E-\u303E\u3041-\u3096\u309B-\u3163\u3165-\u3247\u3250-\uA4C6\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAD9\uFE10-\uFE19\uFE30-\uFE6B\uFF01-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{16FE3}\u{16FF0}-\u{1B2FB}\u{1D300}-\u{1D376}\u{1F200}-\u{1F265}\u{20000}-\u{33479}]|[\p{Emoji_Presentation}--\p{Regional_Indicator}]/v;

function clusterWidth(cluster: string): number {
  const base = visible.exec(cluster)?.[0];
  if (base === undefined) return 0;
  if (emoji.test(cluster) || keycap.test(cluster)) return 2;
  if (cluster.includes('\u200D') && (cluster.match(pictographic)?.length ?? 0) >= 2) return 2;
  const extra = cluster.length === base.length ? 0 : (cluster.replace(base, '').match(spacing)?.length ?? 0);
  return (wide.test(base) ? 2 : 1) + extra;
}

function wrapLine(line: string, columns: number): readonly string[] {
  if (widthOf(line) <= columns) return [line];
  const lines: string[] = [];
  let kept = '';
  let width = 0;
  const end = () => {
    lines.push(kept.trimEnd());
    kept = '';
    width = 0;
  };
  for (const word of line.split(/(?<= )(?=[^ ])/)) {
    if (width > 0 && width + widthOf(word.trimEnd()) > columns) end();
    for (const cluster of clustersOf(word)) {
      if (width + cluster.width > columns) {
        if (cluster.text === ' ') continue;
        end();
      }
      kept += cluster.text;
      width += cluster.width;
    }
  }
  lines.push(kept);
  return lines;
}
