import type { DeviceId, UserId } from '../protocol/ids.ts';
import { skeletonOf } from '../protocol/names.ts';
import type { Pool, Statement } from './postgres-pool.ts';
import { storable } from './postgres-text.ts';
import type { Connected, Identity, Store, StoredUser } from './store.ts';

/** Users, devices and sessions. */
export function createAccounts(
  pool: Pool,
): Pick<Store, 'createUser' | 'findUser' | 'createSession' | 'findSession' | 'beginConnection' | 'deleteSession'> {
  return {
    createUser: async ({ name, passwordHash, at }) => {
      const [row] = await pool.write<{ id: UserId }>(createUser, [
        storable(name),
        passwordHash,
        at,
        skeletonOf(storable(name)),
      ]);
      return row?.id ?? null;
    },
    findUser: async (name) => {
      const [row] = await pool.read<StoredUser>(findUser, [storable(name)]);
      return row ?? null;
    },
    createSession: async ({ user, deviceLabel, tokenDigest, at, expiresAt, checked }) => {
      const [row] = await pool.write<{ id: DeviceId }>(createSession, [
        user,
        storable(deviceLabel),
        storable(tokenDigest),
        at,
        expiresAt,
        checked ?? null,
      ]);
      return row?.id ?? null;
    },
    findSession: async (tokenDigest, now) => {
      const [row] = await pool.read<Identity>(findSession, [storable(tokenDigest), now]);
      return row ?? null;
    },
    beginConnection: async (tokenDigest, now) => {
      const [row] = await pool.write<Connected>(beginConnection, [storable(tokenDigest), now]);
      return row ?? null;
    },
    deleteSession: async (tokenDigest) => {
      const [row] = await pool.write<{ id: UserId }>(deleteSession, [storable(tokenDigest)]);
      return row?.id ?? null;
    },
  };
}

// ---

const createUser: Statement = {
  name: 'create_user',
  text: `
    INSERT INTO users (name, password_hash, created_at, skeleton) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING RETURNING id`,
};

const findUser: Statement = {
  name: 'find_user',
  text: `
    SELECT id, name, password_hash AS "passwordHash" FROM users
    WHERE lower(name COLLATE "C") = lower($1::text COLLATE "C") AND deleted_at IS NULL`,
};

/**
 * A known device is touched, not left alone, because only then its row comes back; sessions that have run out go. The user's
 * row is shared until the commit, so that a change of the password comes before, and is seen, or after, and ends the session.
 */
const createSession: Statement = {
  name: 'create_session',
  text: `
    WITH living AS (
      SELECT id FROM users WHERE id = $1 AND deleted_at IS NULL AND password_hash = coalesce($6::text, password_hash)
      FOR SHARE
    ), device AS (
      INSERT INTO devices (user_id, label) SELECT id, $2 FROM living
      ON CONFLICT (user_id, label) DO UPDATE SET label = excluded.label
      RETURNING id
    ), gone AS (
      DELETE FROM sessions USING device WHERE sessions.device = device.id AND sessions.expires_at <= $4
    )
    INSERT INTO sessions (token_digest, device, created_at, expires_at)
    SELECT $3, id, $4, $5 FROM device
    RETURNING device AS id`,
};

const findSession: Statement = {
  name: 'find_session',
  text: `
    SELECT u.id AS user, u.name, d.id AS device
    FROM sessions s JOIN devices d ON d.id = s.device JOIN users u ON u.id = d.user_id
    WHERE s.token_digest = $1 AND s.expires_at > $2`,
};

const beginConnection: Statement = {
  name: 'begin_connection',
  text: `
    UPDATE devices d SET connection = d.connection + 1
    FROM sessions s, users u
    WHERE s.token_digest = $1 AND s.expires_at > $2 AND d.id = s.device AND u.id = d.user_id
    RETURNING u.id AS user, u.name, d.id AS device, d.connection`,
};

const deleteSession: Statement = {
  name: 'delete_session',
  text: `
    WITH ended AS (
      DELETE FROM sessions WHERE token_digest = $1 RETURNING device
    )
    UPDATE devices d SET connection = d.connection + 1 FROM ended WHERE d.id = ended.device
    RETURNING d.user_id AS id`,
};
