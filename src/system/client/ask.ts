import type { z } from 'zod';
import type { HttpRequest, HttpResponse, Ms, Transport } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import { errorAnswer } from '../protocol/http.ts';

/** How a request ended. `definite: false` means that it may have been done. */
export type AccountOutcome<T> = { readonly kind: 'ok'; readonly value: T } | AccountFailure;

export type AccountFailure =
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly definite: boolean;
      readonly detail?: string | undefined;
      readonly retryAfterMs?: Ms | undefined;
    }
  /** No answer, or one that is not of the protocol (for example a balancer's that found no server). */
  | { readonly kind: 'unknown'; readonly definite: false; readonly reason: string };

/** Asks, and reads the answer by its schema; null when it has no body. */
export async function ask<T>(
  transport: Transport,
  { method, path, token, body }: HttpRequest,
  answer: z.ZodType<T> | null,
): Promise<AccountOutcome<T>> {
  const request = { method, path, body, ...(token === undefined ? {} : { token }) };
  try {
    return readAnswer(await transport.request(request), answer);
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

// ---

function readAnswer<T>(response: HttpResponse, answer: z.ZodType<T> | null): AccountOutcome<T> {
  const succeeded = response.status >= 200 && response.status < 300;
  if (succeeded && answer === null) return { kind: 'ok', value: null as T };
  const body = parse(response.body);
  if (succeeded && answer) {
    const read = answer.safeParse(body);
    return read.success ? { kind: 'ok', value: read.data } : unknown('The answer breaks its schema.');
  }
  const refusal = errorAnswer.safeParse(body);
  if (!refusal.success) return unknown(`Status ${response.status} without a reason.`);
  return { kind: 'refused', ...refusal.data };
}

function unknown(reason: string): AccountFailure {
  return { kind: 'unknown', definite: false, reason };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
