import type { ClusterSpec } from '../scenario.ts';

/**
 * Limits on how much one user or address may use of a server, as good as none: a run offers what its scenario says, from
 * one address, and what servers do with that is what it measures. A scenario may set any of them again.
 */
export const noUseLimits = {
  requestsPerMinutePerAddress: 1_000_000_000,
  lookupsPerMinutePerUser: 1_000_000_000,
  sendsPerSecPerUser: 1_000_000_000,
  sendBurstPerUser: 1_000_000_000,
  sendsPerSecPerAddress: 1_000_000_000,
  sendBurstPerAddress: 1_000_000_000,
  changesPerMinutePerUser: 1_000_000_000,
  framesPerSecPerConnection: 1_000_000_000,
  frameBurstPerConnection: 1_000_000_000,
  connectionsPerUserMax: 1_000_000,
  connectionsPerAddressMax: 1_000_000,
} as const;

/** For the reader of a report. */
export function liftedInWords(server: ClusterSpec['server']): string {
  const kept = Object.keys(noUseLimits).filter((name) => Object.hasOwn(server, name));
  const but = kept.length === 0 ? '' : `, but for ${kept.join(', ')}`;
  return `Limits on requests, messages, changes, frames and connections of one user or address are lifted${but}.`;
}
