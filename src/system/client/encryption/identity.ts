import { equalBytes } from './bytes.ts';
import type { DeviceIdentity, Member } from './contract.ts';

/** An identity as a basic credential carries it: `user/device` in UTF-8; a user's name has no slash. */
export function identityBytes({ user, device }: DeviceIdentity): Uint8Array {
  if (user === '' || user.includes('/') || device === '') {
    throw new Error(
      `"${user}" and "${device}" name no device: a user's name is not empty and has no slash, a label is not empty.`,
    );
  }
  return new TextEncoder().encode(`${user}/${device}`);
}

/** Null when the bytes are not such an identity. */
export function readIdentity(bytes: Uint8Array): DeviceIdentity | null {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return null;
  }
  const slash = text.indexOf('/');
  if (slash < 1 || slash === text.length - 1) return null;
  return { user: text.slice(0, slash), device: text.slice(slash + 1) };
}

export function sameIdentity(a: DeviceIdentity, b: DeviceIdentity): boolean {
  return a.user === b.user && a.device === b.device;
}

export function sameMember(a: Member, b: Member): boolean {
  return sameIdentity(a.identity, b.identity) && equalBytes(a.signatureKey, b.signatureKey);
}

export function nameOf({ user, device }: DeviceIdentity): string {
  return `${user}/${device}`;
}

// ---

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
