/** What a password hash costs, set in a scenario next to the servers' own settings. */
import { type HashCost, hashCostDefault } from '../../system/node.ts';
import type { ClusterSpec } from '../scenario.ts';

type Settings = ClusterSpec['server'];

const hashCostNames = { hashMemoryKiB: 'memoryKiB', hashPasses: 'passes', hashParallelism: 'parallelism' } as const;

/** The servers' settings apart from the cost of hashes. */
export function splitHashCost(settings: Settings): {
  readonly serverSettings: Settings;
  readonly hashCost: Partial<HashCost>;
} {
  const isCost = (name: string): name is keyof typeof hashCostNames => Object.hasOwn(hashCostNames, name);
  const costs = Object.entries(settings).flatMap(([name, value]) =>
    isCost(name) ? [[hashCostNames[name], Number(value)] as const] : [],
  );
  return {
    serverSettings: Object.fromEntries(Object.entries(settings).filter(([name]) => !isCost(name))),
    hashCost: Object.fromEntries(costs),
  };
}

/** `argon2id at 19 MiB, 2 passes, 1 lane`, and whether that is what a server in production takes. */
export function hashCostInWords(cost: Partial<HashCost>): string {
  const { memoryKiB, passes, parallelism } = { ...hashCostDefault, ...cost };
  const names = Object.keys(hashCostDefault) as (keyof HashCost)[];
  const isDefault = names.every((name) => (cost[name] ?? hashCostDefault[name]) === hashCostDefault[name]);
  const many = (count: number, noun: string): string =>
    `${count} ${noun}${count === 1 ? '' : noun === 'pass' ? 'es' : 's'}`;
  const told = `argon2id at ${Number((memoryKiB / 1024).toFixed(2))} MiB, ${many(passes, 'pass')}, ${many(parallelism, 'lane')}`;
  return isDefault ? `${told}, as in production` : told;
}
