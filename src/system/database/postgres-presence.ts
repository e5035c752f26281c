import type { EpochMs } from '../ports.ts';
import type { LeaseId, UserId } from '../protocol/ids.ts';
import { bigints, texts } from './postgres-arrays.ts';
import type { Pool, Query, Statement } from './postgres-pool.ts';
import { storable } from './postgres-text.ts';
import type { KnownUser, PresenceStore, UserPresence } from './presence-store.ts';

/** Leases of servers, and the users who are online under them. */
export function createPresence(pool: Pool): PresenceStore {
  return {
    openLease: async (now) => {
      const [row] = await pool.write<{ id: LeaseId }>(openLease, [now]);
      return row!.id;
    },
    renewLease: (lease, times) => pool.transaction((query) => renew(query, lease, times)),
    movePresence: async (lease, { came, went, at }) => {
      const [row] = await pool.write<{ alive: boolean }>(movePresence, [lease, ascending(came), ascending(went), at]);
      return row!.alive;
    },
    presenceOf: (users) => pool.read<UserPresence>(presenceOf, [ascending(users)]),
    acquaintances: (asked) =>
      pool.read<KnownUser>(acquaintances, [
        bigints(asked.map(({ by }) => by)),
        texts(asked.map(({ name }) => storable(name))),
      ]),
  };
}

// ---

/**
 * Each statement sees what was committed before it began. A lease is ended by the second, which waits for servers that are
 * writing under it; the third then finds everything that they wrote, and nothing is written under an ended lease.
 */
async function renew(
  query: Query,
  lease: LeaseId,
  { now, lapsedBefore }: { readonly now: EpochMs; readonly lapsedBefore: EpochMs },
): Promise<readonly UserId[] | null> {
  const [own] = await query<{ before: EpochMs }>(renewLease, [lease, now]);
  if (own === undefined) return null;
  if (own.before < lapsedBefore) return [];
  const ended = await query<{ id: LeaseId; renewed_at: EpochMs }>(endLeases, [lapsedBefore]);
  if (ended.length === 0) return [];
  const values = [bigints(ended.map(({ id }) => id)), bigints(ended.map(({ renewed_at }) => renewed_at))];
  return (await query<{ user: UserId }>(endPresence, values)).map(({ user }) => user);
}

/** In one order for all writers. */
function ascending(users: readonly UserId[]): Buffer {
  return bigints([...new Set(users)].sort((a, b) => a - b));
}

const openLease: Statement = {
  name: 'open_lease',
  text: 'INSERT INTO presence_leases (renewed_at) VALUES ($1) RETURNING id',
};

const renewLease: Statement = {
  name: 'renew_lease',
  text: `
    UPDATE presence_leases l SET renewed_at = $2 FROM presence_leases before
    WHERE l.id = $1 AND before.id = l.id
    RETURNING before.renewed_at AS before`,
};

/** Another server may be about to do the same: what it holds is left to it. */
const endLeases: Statement = {
  name: 'end_leases',
  text: `
    WITH lapsed AS MATERIALIZED (
      SELECT id FROM presence_leases WHERE renewed_at < $1 ORDER BY id FOR UPDATE SKIP LOCKED
    )
    DELETE FROM presence_leases l USING lapsed WHERE l.id = lapsed.id
    RETURNING l.id, l.renewed_at`,
};

const endPresence: Statement = {
  name: 'end_presence',
  text: `
    WITH ended AS MATERIALIZED (
      SELECT * FROM unnest($1::bigint[], $2::bigint[]) ended (id, at)
    ), gone AS (
      DELETE FROM presence_online o USING ended WHERE o.lease = ended.id RETURNING o.user_id, ended.at
    ), seen AS (
      INSERT INTO presence_seen (user_id, at)
      SELECT g.user_id, max(g.at) FROM gone g JOIN users u ON u.id = g.user_id
      WHERE u.deleted_at IS NULL GROUP BY g.user_id ORDER BY g.user_id
      ON CONFLICT (user_id) DO UPDATE SET at = greatest(presence_seen.at, excluded.at)
    )
    SELECT DISTINCT user_id AS "user" FROM gone`,
};

const movePresence: Statement = {
  name: 'move_presence',
  text: `
    WITH alive AS MATERIALIZED (
      SELECT id FROM presence_leases WHERE id = $1 FOR SHARE
    ), came AS (
      INSERT INTO presence_online (user_id, lease, since)
      SELECT u.id, alive.id, $4::bigint FROM alive, unnest($2::bigint[]) asked (id)
      JOIN users u ON u.id = asked.id AND u.deleted_at IS NULL
      ON CONFLICT DO NOTHING
    ), gone AS (
      DELETE FROM presence_online o USING alive, unnest($3::bigint[]) asked (id)
      WHERE o.user_id = asked.id AND o.lease = alive.id
      RETURNING o.user_id
    ), seen AS (
      INSERT INTO presence_seen (user_id, at)
      SELECT g.user_id, $4::bigint FROM gone g JOIN users u ON u.id = g.user_id
      WHERE u.deleted_at IS NULL ORDER BY g.user_id
      ON CONFLICT (user_id) DO UPDATE SET at = greatest(presence_seen.at, excluded.at)
    )
    SELECT count(*) > 0 AS alive FROM alive`,
};

const presenceOf: Statement = {
  name: 'presence_of',
  text: `
    SELECT u.id AS "user", o.since IS NOT NULL AS online, coalesce(o.since, s.at, 0) AS at
    FROM unnest($1::bigint[]) asked (id) JOIN users u ON u.id = asked.id AND u.deleted_at IS NULL
    LEFT JOIN LATERAL (SELECT min(p.since) AS since FROM presence_online p WHERE p.user_id = u.id) o ON true
    LEFT JOIN presence_seen s ON s.user_id = u.id`,
};

const acquaintances: Statement = {
  name: 'acquaintances',
  text: `
    SELECT asked.by, u.id AS "user", u.name
    FROM unnest($1::bigint[], $2::text[]) asked (by, name)
    JOIN users u ON lower(u.name COLLATE "C") = lower(asked.name COLLATE "C") AND u.deleted_at IS NULL
    WHERE (
      SELECT true FROM members mine JOIN members theirs
        ON theirs.conversation = mine.conversation AND theirs.user_id = u.id AND theirs.left_seq IS NULL
      WHERE mine.user_id = asked.by AND mine.left_seq IS NULL
      LIMIT 1
    )`,
};
