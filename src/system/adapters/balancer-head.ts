/** The head of the first HTTP request on a connection, as far as it has arrived. */
export type Head =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'malformed' | 'tooLarge'; readonly detail: string }
  | ({ readonly kind: 'request' } & RequestHead);

export interface RequestHead {
  readonly method: string;
  /** The target without its query. */
  readonly path: string;
  /** Value of the first header of this name, in lower case letters; null when there is none. */
  header(name: string): string | null;
  /**
   * The head again, with `x-forwarded-for` naming `remote` and nobody else; then what came behind it. A browser's request
   * is made the only one of its connection: the next might be for a page, which no server has.
   */
  forward(remote: string): Buffer;
}

/** `text` is what arrived so far, one character per byte (latin1). Looks at the head only, never at a body. */
export function parseHead(text: string, bytesMax: number): Head {
  const end = text.indexOf('\r\n\r\n');
  if (end > bytesMax || (end === -1 && text.length > bytesMax))
    return { kind: 'tooLarge', detail: `The request head is longer than ${bytesMax} bytes.` };
  const head = end === -1 ? text : text.slice(0, end);
  if (!/^[A-Z]/.test(head) || foreign.test(head)) return malformed('This is not an HTTP request.');
  return end === -1 ? { kind: 'incomplete' } : parseLines(head.split('\r\n'), text.slice(end + 4));
}

// ---

/** A byte that no head may contain. */
const foreign = /[^\t\r\n\x20-\x7e\x80-\xff]/;
const requestLine = /^([A-Z]{1,20}) ([^\s?]+)(\?\S*)? HTTP\/1\.[01]$/;
/** A name, a colon, a value without line breaks of its own. A folded line or a blank before the colon does not fit. */
const headerLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*$/;

const replaced = /^x-forwarded-for:/i;
const replacedOnce = /^(x-forwarded-for|connection):/i;

function parseLines([first = '', ...headers]: readonly string[], behind: string): Head {
  const [, method, path] = requestLine.exec(first) ?? [];
  if (method === undefined || path === undefined) return malformed('The request line is not valid HTTP/1.1.');
  if (!headers.every((line) => headerLine.test(line))) return malformed('A header line is not valid HTTP/1.1.');
  const header = (name: string): string | null => {
    const line = headers.find((each) => each.slice(0, name.length + 1).toLowerCase() === `${name}:`);
    return line === undefined ? null : line.slice(name.length + 1).trim();
  };
  return {
    kind: 'request',
    method,
    path,
    header,
    forward(remote) {
      const once = header('sec-fetch-mode') !== null && header('upgrade') === null;
      const kept = headers.filter((line) => !(once ? replacedOnce : replaced).test(line));
      const own = [`x-forwarded-for: ${remote}`, ...(once ? ['connection: close'] : [])];
      return Buffer.from(`${[first, ...kept, ...own].join('\r\n')}\r\n\r\n${behind}`, 'latin1');
    },
  };
}

function malformed(detail: string): Head {
  return { kind: 'malformed', detail };
}
