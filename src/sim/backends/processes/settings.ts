import type { LocalClusterOptions } from '../../../system/node.ts';
import type { ClusterSpec } from '../../scenario.ts';
import { hashCostInWords, splitHashCost } from '../hash-cost.ts';
import { noUseLimits } from '../lifted-limits.ts';

const cheapHash = { hashMemoryKiB: 8, hashPasses: 1 } as const;
const noSignInLimits = {
  signInPerMinutePerName: 1_000_000,
  signInPerMinutePerAddress: 1_000_000,
  passwordQueueMax: 100_000,
} as const;

/** All users come from one address and sign up within seconds; a hash of production strength would be all they measure. */
const laboratorySettings = { ...cheapHash, ...noSignInLimits, ...noUseLimits } as const;

/** What a server of the laboratory takes less strictly than one in production, and what passwords cost it. */
export function relaxationsOf(server: ClusterSpec['server']): readonly string[] {
  const untouched = (settings: object) => Object.keys(settings).every((name) => !Object.hasOwn(server, name));
  return [
    untouched(cheapHash)
      ? 'Passwords are hashed with argon2id at its lowest cost, so that signing up does not drown the rest.'
      : `Passwords are hashed with ${hashCostInWords(splitSettings(server).hashCost)}.`,
    ...(untouched(noSignInLimits)
      ? ['Limits on sign-ups and sign-ins are lifted: all users come from one address.']
      : []),
  ];
}

/** Server settings of a scenario over those of the laboratory, apart from the cost of hashes. */
export function splitSettings(
  server: ClusterSpec['server'],
): Required<Pick<LocalClusterOptions, 'serverSettings' | 'hashCost'>> {
  return splitHashCost({ ...laboratorySettings, ...server });
}
