import type { z } from 'zod';
import { StoreFailure } from '../database/store.ts';
import type { HttpRequest, HttpResponse, Ms } from '../ports.ts';
import { type ErrorCode, errors } from '../protocol/errors.ts';
import { type ServerStats, signInBody, signUpBody } from '../protocol/http.ts';
import { limits } from '../protocol/limits.ts';
import type { Accounts, Answered } from './accounts.ts';
import { type Ground, logFailure } from './ground.ts';

type Request = HttpRequest & { readonly remote: string };

export interface HttpParts {
  readonly accounts: Accounts;
  stats(): ServerStats;
  isReady(): boolean;
  isDraining(): boolean;
  /** Closes the connections that were opened with this token. */
  signedOut(tokenDigest: string): void;
}

/** Answers one request; never rejects. */
export function createHttp(ground: Ground, parts: HttpParts): (request: Request) => Promise<HttpResponse> {
  const { accounts } = parts;

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
      const digest = token === undefined ? null : await accounts.signOut(token);
      if (digest === null) return refusal('unauthenticated');
      parts.signedOut(digest);
      return { status: 204, body: '' };
    },
  };

  return async (request) => {
    try {
      const answer = table[`${request.method} ${request.path}`] ?? userRoute(request);
      return await answer(request);
    } catch (error) {
      logFailure(ground, 'A request failed.', error);
      return refusal(error instanceof StoreFailure && error.definite ? 'databaseDown' : 'uncertain');
    }
  };

  function whileOpen(answer: (request: Request) => Promise<HttpResponse>) {
    return async (request: Request) => (parts.isDraining() ? refusal('busy', { retryAfterMs: 1000 }) : answer(request));
  }

  function userRoute({ method, path }: Request): (request: Request) => Promise<HttpResponse> {
    const name = method === 'GET' && path.startsWith(usersPath) ? decoded(path.slice(usersPath.length)) : '';
    if (name === '') return async () => refusal('unknownPath');
    return async ({ token }) => {
      if (token === undefined || (await accounts.identify(token)) === null) return refusal('unauthenticated');
      const user = await accounts.findUser(name);
      return user === null ? refusal('unknownUser') : json(200, user);
    };
  }
}

// ---

const usersPath = '/v1/users/';

function readBody<T>({ body }: Request, schema: z.ZodType<T>): T | HttpResponse {
  if (body.length > limits.bodyBytesMax) return refusal('tooLarge');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refusal('malformed', { detail: 'The body is not JSON.' });
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  const place = issue.path.length === 0 ? 'The body' : `The field "${issue.path.join('.')}"`;
  return refusal('malformed', { detail: `${place} breaks its rule: ${issue.message.slice(0, 200)}.` });
}

function answered(status: number, answer: Answered<object>): HttpResponse {
  if (answer.kind === 'ok') return json(status, answer.value);
  const { code, retryAfterMs } = answer;
  return refusal(code, retryAfterMs === undefined ? {} : { retryAfterMs });
}

function refusal(code: ErrorCode, more: { detail?: string; retryAfterMs?: Ms } = {}): HttpResponse {
  const { status, definite } = errors[code];
  const { retryAfterMs } = more;
  const headers = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  return { status, headers, body: JSON.stringify({ code, definite, ...more }) };
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
