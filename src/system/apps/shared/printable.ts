/**
 * Text of others (names, messages, titles, reasons, file names) is shown only as one of these make it: nothing in it moves
 * the cursor, turns the direction of writing, hides, or pretends to be a line of its own.
 *
 * Controls become their pictures (ESC becomes ␛). What is invisible is left out: formats, fillers, tags, and what turns the
 * direction of writing. Halves of characters, private use and what Unicode has not assigned become �. What joins letters and
 * emoji (ZWJ, ZWNJ) and chooses how an emoji looks stays; of the marks on one letter, the first eight do.
 */
export function printableText(text: string): string {
  return printable(text.replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n').replaceAll('\t', '    '));
}

/** The same in one line. */
export function printableLine(text: string): string {
  return printableText(text).replaceAll('\n', '⏎');
}

/** JSON in one line of harmless characters. Who parses it has exactly what was said. */
export function printableJson(value: unknown): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(harmful, (char) => char.split('').map(escaped).join(''));
}

// ---

/** All that is not shown as it is, but the line feed. */
const harmful =
  /[[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Cf}\p{Default_Ignorable_Code_Point}]--[\n\u200C\u200D\uFE0E\uFE0F]]/gv;
/** The common case, for which nothing is to be done. */
const harmless = /^[\n\x20-\x7E]*$/;
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/v;
const manyMarks = /(\p{M}{8})\p{M}+/gu;

const pictures = 0x2400;
const pictureOfDelete = '\u2421';
const replacement = '\uFFFD';

function printable(text: string): string {
  return harmless.test(text) ? text : text.replace(harmful, shownAs).replace(manyMarks, '$1');
}

function shownAs(char: string): string {
  const code = char.codePointAt(0)!;
  if (code < 0x20) return String.fromCharCode(pictures + code);
  if (code === 0x7f) return pictureOfDelete;
  return invisible.test(char) ? '' : replacement;
}
