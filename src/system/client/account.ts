import type { Transport } from '../ports.ts';
import type { DevicesAnswer, SignInAnswer } from '../protocol/http.ts';
import { devicesAnswer, routes, signInAnswer, signUpAnswer, userAnswer } from '../protocol/http.ts';
import type { DeviceId, UserName } from '../protocol/ids.ts';
import { type AccountOutcome, ask } from './ask.ts';

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
