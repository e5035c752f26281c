import type { Transport } from '../ports.ts';
import { type BalancerView, balancerPath, balancerView } from '../protocol/balancer-view.ts';
import { type AccountOutcome, ask } from './ask.ts';

export type { BalancerView };

/** Connections that a client may have kept, as many as browsers do for one origin, and a new one. */
const triesMax = 7;

/** An `unknown` outcome where no balancer answers. */
export async function askBalancer(transport: Transport): Promise<AccountOutcome<BalancerView>> {
  for (let tries = 0; tries < triesMax; tries++) {
    const outcome = await ask(transport, { method: 'GET', path: balancerPath, body: '' }, balancerView);
    // A kept connection led to a server, and is closed now.
    if (outcome.kind !== 'refused' || outcome.code !== 'unknownPath') return outcome;
  }
  return { kind: 'unknown', definite: false, reason: 'There is no balancer before the servers.' };
}
