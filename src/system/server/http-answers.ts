/** What requests and answers of HTTP have in common. */
import type { z } from 'zod';
import type { ByteStream, HttpRequest, HttpResponse, Ms } from '../ports.ts';
import { type ErrorCode, errors } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import type { Answered } from './accounts.ts';

export type Request = HttpRequest & { readonly remote: string };

export function readBody<T>({ body }: Request, schema: z.ZodType<T>): T | HttpResponse {
  return body.length > limits.bodyBytesMax ? refusal('tooLarge') : parsedBody(body, schema);
}

export function parsedBody<T>(body: string, schema: z.ZodType<T>): T | HttpResponse {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refusal('malformed', { detail: 'The body is not JSON.' });
  }
  return checked(value, schema, 'The body');
}

export function checked<T>(value: unknown, schema: z.ZodType<T>, what: string): T | HttpResponse {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const place = issue.path.length === 0 ? what : `The field "${issue.path.join('.')}"`;
  return refusal('malformed', { detail: `${place} breaks its rule: ${issue.message.slice(0, 200)}.` });
}

export function answered(status: number, answer: Answered<object | null>): HttpResponse {
  if (answer.kind === 'ok') return answer.value === null ? { status, body: '' } : json(status, answer.value);
  const { kind: _, code, ...more } = answer;
  return refusal(code, more);
}

export function refusal(code: ErrorCode, more: { detail?: string; retryAfterMs?: Ms } = {}): HttpResponse {
  const { status, definite } = errors[code];
  const { retryAfterMs } = more;
  const headers = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  return { status, headers, body: JSON.stringify({ code, definite, ...more }) };
}

/** Opaque bytes: nobody shall take them for a page or a script. */
export function byteAnswer({ bytes, sha256 }: { bytes: ByteStream; sha256: Uint8Array }): HttpResponse {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(bytes.length),
    'x-content-type-options': 'nosniff',
    'content-disposition': 'attachment',
    'repr-digest': `sha-256=:${btoa(String.fromCharCode(...sha256))}:`,
  };
  return { status: 200, headers, body: '', bytes };
}

export function json(status: number, value: object): HttpResponse {
  return { status, body: JSON.stringify(value) };
}

/** Empty when it is no valid escape. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
