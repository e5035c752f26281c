import type { z } from 'zod';
import { type Identity, StoreFailure } from '../database/store.ts';
import type { ByteStream, HttpRequest, HttpResponse, Ms } from '../ports.ts';
import { type ErrorCode, errors } from '../protocol/errors.ts';
import {
  blobId,
  changePasswordBody,
  deleteAccountBody,
  type ServerStats,
  signInBody,
  signUpBody,
  uploadQuery,
} from '../protocol/http.ts';
import type { DeviceId, UserId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Accounts, Answered } from './accounts.ts';
import type { Blobs } from './blobs.ts';
import { type Ground, logFailure } from './ground.ts';
import type { Asker, OwnAccount } from './own-account.ts';

type Request = HttpRequest & { readonly remote: string };

export interface HttpParts {
  readonly accounts: Accounts;
  readonly blobs: Blobs;
  readonly own: OwnAccount;
  stats(): ServerStats;
  isReady(): boolean;
  isDraining(): boolean;
  /** Closes the connections whose token has ended. */
  signedOut(user: UserId): void;
}

/** Answers one request; never rejects. */
export function createHttp(ground: Ground, parts: HttpParts): (request: Request) => Promise<HttpResponse> {
  const { accounts, blobs, own } = parts;

  const table: Readonly<Record<string, (request: Request) => Promise<HttpResponse>>> = {
    'GET /healthz': async () => json(200, { ok: true }),
    'GET /readyz': async () => json(parts.isReady() ? 200 : 503, { ready: parts.isReady() }),
    'GET /stats': async () => json(200, parts.stats()),
    'POST /v1/users': whileOpen(async (request) => {
      const body = readBody(request, signUpBody);
      return 'status' in body ? body : answered(201, await accounts.signUp({ ...body, remote: request.remote }));
    }),
    'POST /v1/sessions': whileOpen(async (request) => {
      const body = readBody(request, signInBody);
      return 'status' in body ? body : answered(200, await accounts.signIn({ ...body, remote: request.remote }));
    }),
    'DELETE /v1/sessions': async ({ token }) => {
      const user = token === undefined ? null : await accounts.signOut(token);
      if (user === null) return refusal('unauthenticated');
      parts.signedOut(user);
      return { status: 204, body: '' };
    },
    'POST /v1/blobs': whileOpen(async ({ token, query, bytes }) => {
      const by = await identified(token);
      if (by === null) return refusal('unauthenticated');
      const asked = checked(query ?? {}, uploadQuery, 'The query');
      if ('status' in asked) return asked;
      if (bytes === undefined) return refusal('malformed', { detail: 'The body must be the bytes of the blob.' });
      return answered(201, await blobs.upload({ by, conversation: asked.conversation, bytes }));
    }),
    'PUT /v1/password': whileOpen(async (request) => {
      const body = readBody(request, changePasswordBody);
      return 'status' in body ? body : answered(204, await own.changePassword({ ...asker(request), ...body }));
    }),
    'GET /v1/devices': async (request) => answered(200, await own.devices(asker(request))),
    'DELETE /v1/sessions/all': async (request) => answered(204, await own.signOutEverywhere(asker(request))),
    'DELETE /v1/users/me': whileOpen(async (request) => {
      const body = readBody(request, deleteAccountBody);
      return 'status' in body ? body : answered(204, await own.deleteAccount({ ...asker(request), ...body }));
    }),
  };

  return async (request) => {
    try {
      const answer =
        table[`${request.method} ${request.path}`] ?? deviceRoute(request) ?? blobRoute(request) ?? userRoute(request);
      return await answer(request);
    } catch (error) {
      logFailure(ground, 'A request failed.', error);
      return refusal(error instanceof StoreFailure && error.definite ? 'databaseDown' : 'uncertain');
    }
  };

  function whileOpen(answer: (request: Request) => Promise<HttpResponse>) {
    return async (request: Request) => (parts.isDraining() ? refusal('busy', { retryAfterMs: 1000 }) : answer(request));
  }

  function identified(token: string | undefined): Promise<Identity | null> {
    return token === undefined ? Promise.resolve(null) : accounts.identify(token);
  }

  /** The id is taken as it stands, never decoded. */
  function blobRoute({ method, path }: Request): ((request: Request) => Promise<HttpResponse>) | null {
    const blob = blobId.safeParse(path.startsWith(blobsPath) ? path.slice(blobsPath.length) : null).data;
    if (method !== 'GET' || blob === undefined) return null;
    return whileOpen(async ({ token }) => {
      const by = await identified(token);
      if (by === null) return refusal('unauthenticated');
      const answer = await blobs.download({ by, blob });
      return answer.kind === 'ok' ? byteAnswer(answer.value) : answered(200, answer);
    });
  }

  function deviceRoute({ method, path }: Request): ((request: Request) => Promise<HttpResponse>) | null {
    const id = /^\/v1\/devices\/([1-9][0-9]{0,14})$/.exec(path)?.[1];
    if (method !== 'DELETE' || id === undefined) return null;
    const device = Number(id) as DeviceId;
    return async (request) => answered(204, await own.signOutDevice({ ...asker(request), device }));
  }

  function userRoute({ method, path }: Request): (request: Request) => Promise<HttpResponse> {
    const name = method === 'GET' && path.startsWith(usersPath) ? decoded(path.slice(usersPath.length)) : '';
    if (name === '') return async () => refusal('unknownPath');
    return async ({ token }) => {
      if ((await identified(token)) === null) return refusal('unauthenticated');
      const user = await accounts.findUser(name);
      return user === null ? refusal('unknownUser') : json(200, user);
    };
  }
}

// ---

const usersPath = '/v1/users/';
const blobsPath = '/v1/blobs/';

function asker({ token, remote }: Request): Asker {
  return { token, remote };
}

function readBody<T>({ body }: Request, schema: z.ZodType<T>): T | HttpResponse {
  if (body.length > limits.bodyBytesMax) return refusal('tooLarge');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refusal('malformed', { detail: 'The body is not JSON.' });
  }
  return checked(value, schema, 'The body');
}

function checked<T>(value: unknown, schema: z.ZodType<T>, what: string): T | HttpResponse {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const place = issue.path.length === 0 ? what : `The field "${issue.path.join('.')}"`;
  return refusal('malformed', { detail: `${place} breaks its rule: ${issue.message.slice(0, 200)}.` });
}

function answered(status: number, answer: Answered<object | null>): HttpResponse {
  if (answer.kind === 'ok') return answer.value === null ? { status, body: '' } : json(status, answer.value);
  const { kind: _, code, ...more } = answer;
  return refusal(code, more);
}

function refusal(code: ErrorCode, more: { detail?: string; retryAfterMs?: Ms } = {}): HttpResponse {
  const { status, definite } = errors[code];
  const { retryAfterMs } = more;
  const headers = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  return { status, headers, body: JSON.stringify({ code, definite, ...more }) };
}

/** Opaque bytes: nobody shall take them for a page or a script. */
function byteAnswer({ bytes, sha256 }: { bytes: ByteStream; sha256: Uint8Array }): HttpResponse {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(bytes.length),
    'x-content-type-options': 'nosniff',
    'content-disposition': 'attachment',
    'repr-digest': `sha-256=:${btoa(String.fromCharCode(...sha256))}:`,
  };
  return { status: 200, headers, body: '', bytes };
}

function json(status: number, value: object): HttpResponse {
  return { status, body: JSON.stringify(value) };
}

/** Empty when it is no valid escape. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
