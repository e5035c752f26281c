import { Problem } from '../../problem.ts';
import type { StrategyEntry } from '../strategy.ts';
import { cpu } from './cpu.ts';
import { leastConnections } from './least-connections.ts';
import { memory } from './memory.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { twoChoices } from './two-choices.ts';

/** Every strategy by the name that settings, reports and the command line use. */
export const strategies = {
  random,
  'round-robin': roundRobin,
  memory,
  cpu,
  'least-connections': leastConnections,
  'two-choices': twoChoices,
} as const satisfies Record<string, StrategyEntry>;

export type StrategyName = keyof typeof strategies;

export const strategyNames = Object.keys(strategies) as readonly StrategyName[];

/** The strategy of this name. Throws a `Problem` with the right names when there is none. */
export function strategyNamed(name: string): StrategyEntry {
  if (Object.hasOwn(strategies, name)) return strategies[name as StrategyName];
  throw new Problem(`There is no strategy "${name}". The strategies are: ${strategyNames.join(', ')}.`);
}
