import type { LocalClusterOptions } from '../../../system/node.ts';
import type { ClusterSpec } from '../../scenario.ts';

/** Names under which a scenario sets the cost of password hashes, next to the servers' own settings. */
const hashCostNames = { hashMemoryKiB: 'memoryKiB', hashPasses: 'passes', hashParallelism: 'parallelism' } as const;

const cheapHash = { hashMemoryKiB: 8, hashPasses: 1 } as const;
const noSignInLimits = {
  signInPerMinutePerName: 1_000_000,
  signInPerMinutePerAddress: 1_000_000,
  passwordQueueMax: 100_000,
} as const;

/** All users come from one address and sign up within seconds; a hash of production strength would be all they measure. */
const laboratorySettings = { ...cheapHash, ...noSignInLimits } as const;

/** What a server of the laboratory takes less strictly than one in production, for the reader of a report. */
export function relaxationsOf(server: ClusterSpec['server']): readonly string[] {
  const untouched = (settings: object) => Object.keys(settings).every((name) => !Object.hasOwn(server, name));
  return [
    ...(untouched(cheapHash)
      ? ['Passwords are hashed with argon2id at its lowest cost, so that signing up does not drown the rest.']
      : []),
    ...(untouched(noSignInLimits)
      ? ['Limits on sign-ups and sign-ins are lifted: all users come from one address.']
      : []),
  ];
}

/** Server settings of a scenario over those of the laboratory, apart from the cost of hashes. */
export function splitSettings(
  server: ClusterSpec['server'],
): Required<Pick<LocalClusterOptions, 'serverSettings' | 'hashCost'>> {
  const all: ClusterSpec['server'] = { ...laboratorySettings, ...server };
  const isCost = (name: string): name is keyof typeof hashCostNames => Object.hasOwn(hashCostNames, name);
  const costs = Object.entries(all).flatMap(([name, value]) =>
    isCost(name) ? [[hashCostNames[name], Number(value)] as const] : [],
  );
  return {
    serverSettings: Object.fromEntries(Object.entries(all).filter(([name]) => !isCost(name))),
    hashCost: Object.fromEntries(costs),
  };
}
