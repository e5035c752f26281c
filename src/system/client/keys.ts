import type { Transport } from '../ports.ts';
import { routes } from '../protocol/http.ts';
import {
  type ClaimAnswer,
  claimAnswer,
  type KeyBundleAnswer,
  type KeyBundleBody,
  type KeyPackagesBody,
  keyBundleAnswer,
  keyBundleUploaded,
  keyPackagesAnswer,
} from '../protocol/http-keys.ts';
import type { BundleId } from '../protocol/ids.ts';
import { type AccountOutcome, ask } from './ask.ts';

/** Answers how many single-use ones are left there. After an `unknown` outcome make new ones: these may be given away. */
export function uploadKeyPackages(
  transport: Transport,
  asked: KeyPackagesBody & { readonly token: string },
): Promise<AccountOutcome<{ left: number }>> {
  const { token, ...body } = asked;
  return ask(transport, { ...routes.uploadKeyPackages, token, body: JSON.stringify(body) }, keyPackagesAnswer);
}

export function keyPackagesLeft(transport: Transport, token: string): Promise<AccountOutcome<{ left: number }>> {
  return ask(transport, { ...routes.keyPackagesLeft, token, body: '' }, keyPackagesAnswer);
}

/** A key package for each device of the user, but for the one that asks. An `unknown` outcome may have used some up. */
export function claimKeyPackages(
  transport: Transport,
  who: { readonly name: string; readonly token: string },
): Promise<AccountOutcome<ClaimAnswer>> {
  const path = routes.claimKeyPackages.path.replace('{name}', encodeURIComponent(who.name));
  return ask(transport, { method: 'POST', path, token: who.token, body: '' }, claimAnswer);
}

/** For one key change of this device. After an `unknown` outcome upload it again: the other one expires. */
export function uploadKeyBundle(
  transport: Transport,
  asked: KeyBundleBody & { readonly token: string },
): Promise<AccountOutcome<{ bundle: BundleId }>> {
  const { token, ...body } = asked;
  return ask(transport, { ...routes.uploadKeyBundle, token, body: JSON.stringify(body) }, keyBundleUploaded);
}

export function readKeyBundle(
  transport: Transport,
  which: { readonly bundle: BundleId; readonly token: string },
): Promise<AccountOutcome<KeyBundleAnswer>> {
  const path = routes.keyBundle.path.replace('{id}', String(which.bundle));
  return ask(transport, { method: 'GET', path, token: which.token, body: '' }, keyBundleAnswer);
}
