import type { ServerStats } from '../../src/system/protocol/http.ts';
import type { ServerId } from '../../src/system/protocol/ids.ts';

/** What an idle, healthy server answers at `/stats`, with `changes`. */
export function serverStatsOf(server: string, changes: Partial<ServerStats> = {}): ServerStats {
  return {
    server: server as ServerId,
    uptimeMs: 60_000,
    draining: false,
    databaseUp: true,
    sessions: 0,
    inFlight: 0,
    acceptedTotal: 0,
    deliveredTotal: 0,
    ephemeralReceivedTotal: 0,
    ephemeralDeliveredTotal: 0,
    presenceDeliveredTotal: 0,
    ephemeralCoalescedTotal: 0,
    ephemeralDroppedTotal: 0,
    ephemeralQueued: 0,
    acceptedPerSec: 0,
    deliveredPerSec: 0,
    cpuFraction: 0.1,
    cpuMicros: 6_000_000,
    eventLoopUtilization: 0.1,
    eventLoopP99Ms: 1,
    rssBytes: 80_000_000,
    batchP50Ms: 2,
    ...changes,
  };
}
