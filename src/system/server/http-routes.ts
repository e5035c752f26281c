import { type Identity, StoreFailure } from '../database/store.ts';
import type { HttpResponse } from '../ports.ts';
import { balancerPath } from '../protocol/balancer-view.ts';
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
import type { Accounts } from './accounts.ts';
import type { Blobs } from './blobs.ts';
import { type Ground, logFailure } from './ground.ts';
import { answered, byteAnswer, checked, decoded, json, type Request, readBody, refusal } from './http-answers.ts';
import { createKeyRoutes } from './key-routes.ts';
import type { Keys } from './keys.ts';
import type { Asker, OwnAccount } from './own-account.ts';
import { createRateLimit } from './rate-limit.ts';

export interface HttpParts {
  readonly accounts: Accounts;
  readonly blobs: Blobs;
  readonly own: OwnAccount;
  readonly keys: Keys;
  stats(): ServerStats;
  isReady(): boolean;
  isDraining(): boolean;
  /** Closes the connections whose token has ended. */
  signedOut(user: UserId): void;
}

/** Answers one request; never rejects. */
export function createHttp(ground: Ground, parts: HttpParts): (request: Request) => Promise<HttpResponse> {
  const { accounts, blobs, own } = parts;
  const keyRoute = createKeyRoutes({ keys: parts.keys, identified, whileOpen });
  const { clock, settings } = ground;
  const requests = createRateLimit(clock, { perMinute: settings.requestsPerMinutePerAddress, keysMax });
  const lookups = createRateLimit<UserId>(clock, { perMinute: settings.lookupsPerMinutePerUser, keysMax });

  const table: Readonly<Record<string, (request: Request) => Promise<HttpResponse>>> = {
    'GET /healthz': async () => json(200, { ok: true }),
    'GET /readyz': async () => json(parts.isReady() ? 200 : 503, { ready: parts.isReady() }),
    'GET /stats': async () => json(200, parts.stats()),
    // Meant for a balancer: the next request shall not come here on the same connection.
    [`GET ${balancerPath}`]: async () => ({ ...refusal('unknownPath'), headers: { connection: 'close' } }),
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
    const retryAfterMs = request.path.startsWith('/v1/') ? requests.take(request.remote) : 0;
    if (retryAfterMs > 0) return refusal('tooMany', { retryAfterMs });
    try {
      const answer =
        table[`${request.method} ${request.path}`] ??
        deviceRoute(request) ??
        blobRoute(request) ??
        keyRoute(request) ??
        userRoute(request);
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
      const who = await identified(token);
      if (who === null) return refusal('unauthenticated');
      const retryAfterMs = lookups.take(who.user);
      if (retryAfterMs > 0) return refusal('tooMany', { retryAfterMs });
      const user = await accounts.findUser(name);
      return user === null ? refusal('unknownUser') : json(200, user);
    };
  }
}

// ---

/** Addresses and users whose rates are remembered. */
const keysMax = 100_000;
const usersPath = '/v1/users/';
const blobsPath = '/v1/blobs/';

function asker({ token, remote }: Request): Asker {
  return { token, remote };
}
