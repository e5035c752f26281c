import type { z } from 'zod';
import type { Identity } from '../database/store.ts';
import type { HttpResponse } from '../ports.ts';
import { keyBundleBody, keyPackagesBody } from '../protocol/http-keys.ts';
import type { BundleId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Answered } from './accounts.ts';
import { answered, decoded, parsedBody, type Request, refusal } from './http-answers.ts';
import type { Keys } from './keys.ts';

type Handler = (request: Request) => Promise<HttpResponse>;

interface Parts {
  readonly keys: Keys;
  identified(token: string | undefined): Promise<Identity | null>;
  whileOpen(answer: Handler): Handler;
}

/** The routes of key packages and bundles; null for any other. */
export function createKeyRoutes({ keys, identified, whileOpen }: Parts): (request: Request) => Handler | null {
  const table: Readonly<Record<string, Handler>> = {
    'POST /v1/key-packages': large(keyPackagesBody, 200, (by, body) => keys.addPackages(by, body)),
    'GET /v1/key-packages': known(async (by) => answered(200, await keys.packagesLeft(by))),
    'POST /v1/key-bundles': large(keyBundleBody, 201, (by, body) => keys.addBundle(by, body)),
  };

  return ({ method, path }) => {
    const name = method === 'POST' ? decoded(claimPath.exec(path)?.[1] ?? '') : '';
    if (name !== '') return whileOpen(known(async (by) => answered(200, await keys.claim(by, name))));
    const bundle = method === 'GET' ? bundlePath.exec(path)?.[1] : undefined;
    if (bundle !== undefined) return known((by) => readBundle(by, Number(bundle) as BundleId));
    return table[`${method} ${path}`] ?? null;
  };

  function known(answer: (by: Identity, request: Request) => Promise<HttpResponse>): Handler {
    return async (request) => {
      const by = await identified(request.token);
      return by === null ? refusal('unauthenticated') : answer(by, request);
    };
  }

  /** A large body is taken from those only who may send it, and from so many at once. */
  function large<T extends object>(
    schema: z.ZodType<T>,
    status: number,
    work: (by: Identity, body: T) => Promise<Answered<object>>,
  ): Handler {
    return whileOpen(
      known(async (by, request) => {
        const place = keys.transfers.take(by.user);
        if (place.kind === 'refused') return answered(status, place);
        try {
          const text = await textOf(request);
          if (typeof text !== 'string') return text;
          const body = parsedBody(text, schema);
          return 'status' in body ? body : answered(status, await work(by, body));
        } finally {
          place.leave();
        }
      }),
    );
  }

  /** The place is kept until the answer has gone. */
  async function readBundle(by: Identity, id: BundleId): Promise<HttpResponse> {
    const place = keys.transfers.take(by.user);
    if (place.kind === 'refused') return answered(200, place);
    let read: Answered<object> | null = null;
    try {
      read = await keys.readBundle(by, id);
    } finally {
      if (read?.kind !== 'ok') place.leave();
    }
    if (read.kind !== 'ok') return answered(200, read);
    const bytes = new TextEncoder().encode(JSON.stringify(read.value));
    const headers = { 'content-length': String(bytes.length) };
    return { status: 200, headers, body: '', bytes: { length: bytes.length, pieces: piecesOf(bytes, place.leave) } };
  }
}

// ---

const claimPath = /^\/v1\/key-packages\/([^/]+)\/claim$/;
const bundlePath = /^\/v1\/key-bundles\/([1-9][0-9]{0,14})$/;
const pieceBytes = 64 * 1024;

/** The body as text, or the answer to one that is too large or did not arrive. */
async function textOf({ body, bytes }: Request): Promise<string | HttpResponse> {
  const max = limits.keyBodyBytesMax;
  if (bytes === undefined) return body.length > max ? refusal('tooLarge') : body;
  if ((bytes.length ?? 0) > max) return refusal('tooLarge');
  const decoder = new TextDecoder();
  let text = '';
  let read = 0;
  try {
    for await (const piece of bytes.pieces) {
      read += piece.length;
      if (read > max) return refusal('tooLarge');
      text += decoder.decode(piece, { stream: true });
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refusal('malformed', {
      detail: `The body did not arrive as a whole (${reason.slice(0, 200)}): send it again.`,
    });
  }
  return text + decoder.decode();
}

async function* piecesOf(bytes: Uint8Array, sent: () => void): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (let from = 0; from < bytes.length; from += pieceBytes) yield bytes.subarray(from, from + pieceBytes);
  } finally {
    sent();
  }
}
