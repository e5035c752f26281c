/** HTML that is safe by construction: whatever is put into a template is text, unless it came from a template itself. */

export interface Html {
  readonly html: string;
}

export type Content = Html | string | number | null | false | readonly Content[];

/** html`<p>${text}</p>` escapes `text`; null and false leave nothing; lists are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  const parts = strings.map((literal, index) => literal + (index < values.length ? render(values[index]!) : ''));
  return { html: parts.join('') };
}

/** Text as it may stand between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON as it may stand inside a script element: no tag can begin or end in it. */
export function escapeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

// ---

function render(value: Content): string {
  if (value === null || value === false) return '';
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  if (isList(value)) return value.map(render).join('');
  return value.html;
}

function isList(value: Html | readonly Content[]): value is readonly Content[] {
  return Array.isArray(value);
}
