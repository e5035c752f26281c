import { argon2, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Secrets } from '../ports.ts';
import { startNodeSha256 } from './node-sha256.ts';

/** Cost of one argon2id hash. */
export interface HashCost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** The first choice of OWASP's Password Storage Cheat Sheet for argon2id: 19 MiB, 2 passes, 1 lane. */
export const hashCostDefault: HashCost = { memoryKiB: 19 * 1024, passes: 2, parallelism: 1 };

/**
 * Passwords by argon2id (RFC 9106), off the event loop; tokens by SHA-256, for they are random already. A stored hash
 * carries its own cost (`$argon2id$v=19$m=…,t=…,p=…$salt$tag`), so changing the cost locks nobody out.
 */
export function createNodeSecrets(cost: Partial<HashCost> = {}): Secrets {
  const own: HashCost = { ...hashCostDefault, ...cost };
  const nobody: StoredHash = { cost: own, salt: randomBytes(saltBytes), tag: randomBytes(tagBytes) };
  return {
    hashPassword: async (password) => {
      const salt = randomBytes(saltBytes);
      return format({ cost: own, salt, tag: await derive(password, salt, own, tagBytes) });
    },
    verifyPassword: async (password, hash) => {
      const known = hash === null ? null : parse(hash);
      const stored = known ?? nobody;
      const tag = await derive(password, stored.salt, stored.cost, stored.tag.length);
      return timingSafeEqual(tag, stored.tag) && known !== null;
    },
    digestToken: (token) => createHash('sha256').update(token).digest('base64url'),
    startSha256: startNodeSha256,
  };
}

// ---

const saltBytes = 16;
const tagBytes = 32;

interface StoredHash {
  readonly cost: HashCost;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

const argon2Async = promisify(argon2);

function derive(password: string, nonce: Buffer, cost: HashCost, tagLength: number): Promise<Buffer> {
  const { memoryKiB: memory, passes, parallelism } = cost;
  return argon2Async('argon2id', { message: password, nonce, memory, passes, parallelism, tagLength });
}

function format({ cost, salt, tag }: StoredHash): string {
  const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${cost.memoryKiB},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** Null when the text is not such a hash: nobody gets in by it. */
function parse(text: string): StoredHash | null {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text);
  if (match === null) return null;
  const [, memoryKiB, passes, parallelism, salt, tag] = match;
  return {
    cost: { memoryKiB: Number(memoryKiB), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt!, 'base64'),
    tag: Buffer.from(tag!, 'base64'),
  };
}
