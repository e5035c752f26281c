import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { Problem } from '../problem.ts';
import type { Answer } from './balancer-door.ts';
import type { RequestHead } from './balancer-head.ts';

/** The files of the web client, in memory. */
export interface Pages {
  /** Null for everything that is not one of them. */
  answer(request: Pick<RequestHead, 'method' | 'path' | 'header'>): Answer | null;
}

/**
 * Nothing may run, load or be sent but what comes from here; nobody may frame a page; text never becomes markup or script.
 * https://www.w3.org/TR/CSP3/, https://www.w3.org/TR/trusted-types/
 */
export const contentSecurityPolicy: string = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob:",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types nawaab',
].join('; ');

/**
 * Reads a folder that `vite build` made: `x.br` and `x.gz` beside `x` are its compressed forms, and what lies in `assets/`
 * has its content's hash in its name. Only what was read can be asked for, so no path leads out of it. Throws a `Problem`
 * when there is no `index.html`.
 */
export function readPages(folder: string): Pages {
  const pages = new Map(filesOf(folder).map((name) => [`/${name}`, readPage(folder, name)]));
  const index = pages.get('/index.html');
  if (index === undefined) throw new Problem(`There is no web client in ${folder}; build it with npm run build.`);
  pages.set('/', index);
  return {
    answer({ method, path, header }) {
      const page = method === 'GET' || method === 'HEAD' ? pages.get(path) : undefined;
      return page === undefined ? null : answerWith(page, method, header);
    },
  };
}

// ---

interface Page {
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  /** By `content-encoding`, the smallest first; the last is the file as it is. */
  readonly forms: readonly { readonly encoding: string; readonly bytes: Uint8Array }[];
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};

const compressed: Readonly<Record<string, string>> = { br: '.br', gzip: '.gz' };

function filesOf(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const names = entries.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
    return names.map((name) => name.split(sep).join('/')).filter((name) => types[extname(name)] !== undefined);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Problem(`The web client cannot be read from ${folder} (${reason}): build it with npm run build.`, {
      cause,
    });
  }
}

function readPage(folder: string, name: string): Page {
  const file = join(folder, name);
  const bytes = readFileSync(file);
  const small = Object.entries(compressed).flatMap(([encoding, suffix]) => {
    const form = tryRead(file + suffix);
    return form === null ? [] : [{ encoding, bytes: form }];
  });
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const isImmutable = name.startsWith('assets/');
  const headers = {
    'content-type': types[extname(name)]!,
    'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag,
    vary: 'accept-encoding',
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  return { headers, etag, forms: [...small, { encoding: 'identity', bytes }] };
}

function tryRead(file: string): Uint8Array | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

function answerWith({ headers, etag, forms }: Page, method: string, header: RequestHead['header']): Answer {
  const known = header('if-none-match')?.split(',') ?? [];
  if (known.some((tag) => tag.trim().replace(/^W\//, '') === etag)) return { status: 304, headers, body: '' };
  const accepted = acceptedBy(header('accept-encoding') ?? '');
  const { encoding, bytes } = forms.find((form) => accepted.has(form.encoding)) ?? forms.at(-1)!;
  const coded = encoding === 'identity' ? headers : { ...headers, 'content-encoding': encoding };
  if (method === 'HEAD')
    return { status: 200, headers: { ...coded, 'content-length': String(bytes.length) }, body: '' };
  return { status: 200, headers: coded, body: bytes };
}

/** What is named without `q=0`. */
function acceptedBy(field: string): ReadonlySet<string> {
  const named = field.split(',').map((part) =>
    part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/),
  );
  return new Set(named.filter(([, q]) => q === undefined || !/^q=0(\.0*)?$/.test(q)).map(([name]) => name!));
}
