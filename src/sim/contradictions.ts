import { Problem } from './problem.ts';
import type { Scenario } from './scenario.ts';

/** Throws a `Problem` for parts that are right by themselves and impossible together, before anything is started. */
export function refuseContradictions({ topology, users, turnover, watch, images, encryption }: Scenario): void {
  if (topology.kind === 'groups' && topology.size > users)
    throw new Problem(
      `topology.size is ${topology.size}, but there are only ${users} users: use smaller groups or more users.`,
    );
  if (turnover && topology.kind !== 'groups')
    throw new Problem('turnover needs groups, for nobody comes to a direct conversation: set topology.kind to groups.');
  if (watch && turnover)
    throw new Problem(
      'watch and turnover do not go together: who shares a conversation must be settled; leave one out.',
    );
  if (encryption === 'none') return;
  if (watch)
    throw new Problem(
      'watch needs encryption none: users with keys do not watch the presence of others; leave one out.',
    );
  if (images) throw new Problem('images need encryption none: users with keys do not send them; leave one out.');
}
