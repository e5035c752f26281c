import type { z } from 'zod';
import type { HttpRequest, HttpResponse, Ms, Transport } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { DevicesAnswer, SignInAnswer } from '../protocol/http.ts';
import { devicesAnswer, errorAnswer, routes, signInAnswer, signUpAnswer, userAnswer } from '../protocol/http.ts';
import type { DeviceId, UserName } from '../protocol/ids.ts';

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

/** Makes a user. After an `unknown` outcome `nameTaken` may mean that the first attempt did it. */
export function signUp(
  transport: Transport,
  user: { readonly name: string; readonly password: string },
): Promise<AccountOutcome<{ name: UserName }>> {
  return ask(transport, { ...routes.signUp, body: JSON.stringify(user) }, signUpAnswer);
}

/** Gets the token that opens the socket. `device` is a label; the same label is the same device. */
export function signIn(
  transport: Transport,
  who: { readonly name: string; readonly password: string; readonly device: string },
): Promise<AccountOutcome<SignInAnswer>> {
  return ask(transport, { ...routes.signIn, body: JSON.stringify(who) }, signInAnswer);
}

/** The token stops working everywhere. */
export async function signOut(transport: Transport, token: string): Promise<AccountOutcome<null>> {
  return ask(transport, { ...routes.signOut, token, body: '' }, null);
}

/** Every other session of the user ends. Harmless to repeat. `wrongPassword` when `old` is not the password. */
export function changePassword(
  transport: Transport,
  asked: { readonly token: string; readonly old: string; readonly new: string },
): Promise<AccountOutcome<null>> {
  const { token, ...body } = asked;
  return ask(transport, { ...routes.changePassword, token, body: JSON.stringify(body) }, null);
}

/** One's own devices that are signed in. */
export function listDevices(transport: Transport, token: string): Promise<AccountOutcome<DevicesAnswer>> {
  return ask(transport, { ...routes.devices, token, body: '' }, devicesAnswer);
}

/** Every token of the user stops working; after an `unknown` outcome `unauthenticated` means that it was done. */
export function signOutEverywhere(transport: Transport, token: string): Promise<AccountOutcome<null>> {
  return ask(transport, { ...routes.signOutEverywhere, token, body: '' }, null);
}

/** Every token of one of one's own devices stops working. */
export function signOutDevice(
  transport: Transport,
  which: { readonly token: string; readonly device: DeviceId },
): Promise<AccountOutcome<null>> {
  const path = routes.signOutDevice.path.replace('{device}', String(which.device));
  return ask(transport, { method: 'DELETE', path, token: which.token, body: '' }, null);
}

/** For good. After an `unknown` outcome `unauthenticated` means that it was done. */
export function deleteAccount(
  transport: Transport,
  asked: { readonly token: string; readonly password: string },
): Promise<AccountOutcome<null>> {
  const { token, password } = asked;
  return ask(transport, { ...routes.deleteAccount, token, body: JSON.stringify({ password }) }, null);
}

/** `unknownUser` when there is none; the answer has the name as its owner writes it. */
export function findUser(
  transport: Transport,
  who: { readonly name: string; readonly token: string },
): Promise<AccountOutcome<{ name: UserName }>> {
  const path = routes.findUser.path.replace('{name}', encodeURIComponent(who.name));
  return ask(transport, { method: 'GET', path, token: who.token, body: '' }, userAnswer);
}

// ---

async function ask<T>(
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
