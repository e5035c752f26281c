import type { EpochMs } from '../ports.ts';
import type { LeaseId, UserId, UserName } from '../protocol/ids.ts';
import type { Acquaintance, KnownUser, PresenceMoves, UserPresence } from './presence-store.ts';

/** What is asked of accounts and conversations. */
interface World {
  /** Unknown and deleted users have none. */
  nameOf(user: UserId): UserName | null;
  findUser(name: string): { readonly id: UserId; readonly name: UserName } | null;
  shareConversation(one: UserId, other: UserId): boolean;
}

interface Lease {
  renewedAt: EpochMs;
  /** Users who are online under it, and since when. */
  readonly online: Map<UserId, EpochMs>;
}

/** The part of the memory store that holds presence; all calls are synchronous. */
export function createMemoryPresence(world: World) {
  const leases = new Map<LeaseId, Lease>();
  const seen = new Map<UserId, EpochMs>();
  let lastLease = 0;

  return { openLease, renewLease, movePresence, presenceOf, acquaintances, forgetUser };

  function openLease(now: EpochMs): LeaseId {
    const id = ++lastLease as LeaseId;
    leases.set(id, { renewedAt: now, online: new Map() });
    return id;
  }

  function renewLease(id: LeaseId, { now, lapsedBefore }: { now: EpochMs; lapsedBefore: EpochMs }): UserId[] | null {
    const own = leases.get(id);
    if (own === undefined) return null;
    const mayEndOthers = own.renewedAt >= lapsedBefore;
    own.renewedAt = now;
    return mayEndOthers ? endLapsed(lapsedBefore) : [];
  }

  function endLapsed(before: EpochMs): UserId[] {
    const lapsed = [...leases].filter(([, { renewedAt }]) => renewedAt < before);
    for (const [id, { online, renewedAt }] of lapsed) {
      for (const user of online.keys()) see(user, renewedAt);
      leases.delete(id);
    }
    return [...new Set(lapsed.flatMap(([, { online }]) => [...online.keys()]))];
  }

  function movePresence(id: LeaseId, { came, went, at }: PresenceMoves): boolean {
    const online = leases.get(id)?.online;
    if (online === undefined) return false;
    for (const user of came) if (world.nameOf(user) !== null && !online.has(user)) online.set(user, at);
    for (const user of went) if (online.delete(user)) see(user, at);
    return true;
  }

  function see(user: UserId, at: EpochMs): void {
    if (world.nameOf(user) !== null) seen.set(user, Math.max(seen.get(user) ?? 0, at));
  }

  function presenceOf(users: readonly UserId[]): UserPresence[] {
    return [...new Set(users)]
      .filter((user) => world.nameOf(user) !== null)
      .map((user) => {
        const since = [...leases.values()].flatMap(({ online }) => online.get(user) ?? []);
        if (since.length > 0) return { user, online: true, at: Math.min(...since) };
        return { user, online: false, at: seen.get(user) ?? 0 };
      });
  }

  function acquaintances(asked: readonly Acquaintance[]): KnownUser[] {
    return asked.flatMap(({ by, name }) => {
      const found = world.findUser(name);
      if (found === null || !world.shareConversation(by, found.id)) return [];
      return [{ by, user: found.id, name: found.name }];
    });
  }

  function forgetUser(user: UserId): void {
    seen.delete(user);
    for (const { online } of leases.values()) online.delete(user);
  }
}
