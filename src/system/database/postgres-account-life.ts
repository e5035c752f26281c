import type { UserId } from '../protocol/ids.ts';
import type { AccountStore, SignedInDevice } from './account-store.ts';
import { depart } from './postgres-departures.ts';
import type { Pool, Query, Statement } from './postgres-pool.ts';

/** What becomes of accounts after sign-up. Everybody who ends sessions locks the user first, then devices, then sessions. */
export function createAccountLife(pool: Pool): AccountStore {
  return {
    changePassword: ({ user, from, to, keep }) =>
      pool.transaction(async (query) => {
        const changed = (await query(changeHash, [user, from, to])).length > 0;
        if (changed) await query(endSessions, [user, keep, null]);
        return changed;
      }),
    devicesOf: (user, now) => pool.read<SignedInDevice>(readDevices, [user, now]),
    endSessions: (user) => end(pool.write, user, null),
    endDevice: async (user, device) => {
      const known = (await pool.read(findDevice, [user, device])).length > 0;
      if (known) await end(pool.write, user, device);
      return known;
    },
    deleteUser: ({ id, passwordHash, at }) =>
      pool.transaction(async (query) => {
        const deleted = (await query(markDeleted, [id, passwordHash, at])).length > 0;
        if (deleted) {
          await query(endSessions, [id, '', null]);
          await query(emptyDevices, [id]);
        }
        return deleted;
      }),
    depart: (limit, at) => pool.transaction((query) => depart(query, { limit, at })),
  };
}

// ---

async function end(query: Query, user: UserId, device: number | null): Promise<void> {
  await query(endSessions, [user, '', device]);
}

/** Waits for sign-ins that are being written, which share the row, and makes later ones look again. */
const changeHash: Statement = {
  name: 'change_password',
  text: `
    UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 AND deleted_at IS NULL
    RETURNING id`,
};

const markDeleted: Statement = {
  name: 'delete_user',
  text: `
    UPDATE users SET password_hash = '', deleted_at = $3, leaving = true
    WHERE id = $1 AND password_hash = $2 AND deleted_at IS NULL
    RETURNING id`,
};

/** All but one, of all devices or of one. */
const endSessions: Statement = {
  name: 'end_sessions',
  text: `
    WITH ended AS (
      DELETE FROM sessions s USING devices d
      WHERE d.user_id = $1 AND s.device = d.id AND s.token_digest <> $2 AND d.id = coalesce($3::bigint, d.id)
      RETURNING s.device
    )
    UPDATE devices SET connection = connection + 1 WHERE id IN (SELECT device FROM ended)`,
};

const emptyDevices: Statement = {
  name: 'empty_devices',
  text: 'UPDATE devices SET label = NULL, connection = connection + 1 WHERE user_id = $1',
};

const findDevice: Statement = {
  name: 'find_device',
  text: 'SELECT id FROM devices WHERE id = $2 AND user_id = $1 AND label IS NOT NULL',
};

const readDevices: Statement = {
  name: 'read_devices',
  text: `
    SELECT d.id AS device, d.label, count(*) AS sessions, max(s.created_at) AS "signedInAt", max(s.expires_at) AS "expiresAt"
    FROM devices d JOIN sessions s ON s.device = d.id
    WHERE d.user_id = $1 AND s.expires_at > $2 AND d.label IS NOT NULL
    GROUP BY d.id, d.label
    ORDER BY max(s.created_at) DESC, d.id DESC`,
};
