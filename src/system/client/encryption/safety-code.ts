import { equalBytes } from './bytes.ts';
import type { Member } from './contract.ts';

/**
 * The numeric fingerprint of Signal (libsignal, `NumericFingerprintGenerator`; M. Marlinspike, "Safety number updates",
 * 2016): for each side a hash of its keys and name, iterated so that a search for a similar one costs more, as 30 digits;
 * both sides' digits in ascending order. Here with SHA-256, the hash of our cipher suite, and with all devices of a user.
 */
export async function safetyCode(
  a: readonly Member[],
  b: readonly Member[],
  digest: (data: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const sides = await Promise.all([a, b].map((side) => digitsOf(side, digest)));
  return sides.toSorted().join(' ');
}

// ---

const iterations = 5200;
const chunks = 6;
const chunkBytes = 5;
const chunkDigits = 5;
const version = Uint8Array.of(0, 0);

async function digitsOf(
  members: readonly Member[],
  digest: (data: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const user = members[0]?.identity.user;
  if (user === undefined || members.some((member) => member.identity.user !== user)) {
    throw new Error('A safety code compares two users: give the devices of one user for each side, at least one.');
  }
  const keys = concat(distinctKeys(members));
  let hash = concat([version, keys, new TextEncoder().encode(user)]);
  for (let round = 0; round < iterations; round++) hash = await digest(concat([hash, keys]));
  return Array.from({ length: chunks }, (_, index) => chunkOf(hash, index * chunkBytes)).join(' ');
}

function distinctKeys(members: readonly Member[]): Uint8Array[] {
  const sorted = members.map((member) => member.signatureKey).toSorted(compareBytes);
  return sorted.filter((key, at) => at === 0 || !equalBytes(key, sorted[at - 1]!));
}

/** Five bytes, the highest first, as five digits. */
function chunkOf(hash: Uint8Array, from: number): string {
  const value = hash.subarray(from, from + chunkBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  return String(value % 10 ** chunkDigits).padStart(chunkDigits, '0');
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? a.length - b.length : a[at]! - (b[at] ?? -1);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
