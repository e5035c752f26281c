import type { BundleId, DeviceId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { ClaimedKeyPackage, KeyStore } from './key-store.ts';
import { texts } from './postgres-arrays.ts';
import type { Pool, Query, Statement } from './postgres-pool.ts';

/** Key packages and key bundles. */
export function createKeys(pool: Pool): KeyStore {
  return {
    addPackages: ({ device, packages, lastResort, replace }) =>
      pool.transaction(async (query) => {
        if (replace) await query(forgetPackages, [device]);
        if (lastResort !== null) await query(setLastResort, [device, lastResort]);
        if (packages.length > 0) await query(insertPackages, [device, texts(packages)]);
        await query(trimPackages, [device, limits.keyPackagesPerDeviceMax]);
        return left(query, device);
      }),
    packagesLeft: (device) => left(pool.read, device),
    claimPackages: async ({ user, except, now }) => {
      const given = await pool.write<ClaimedKeyPackage>(takePackages, [
        user,
        now,
        limits.devicesPerClaimMax,
        except ?? 0,
      ]);
      return given.toSorted((a, b) => a.device - b.device);
    },

    addBundle: ({ device, at, welcome, groupInfo, commit }) =>
      pool.transaction(async (query) => {
        const [row] = await query<{ id: BundleId }>(insertBundle, [device, at, welcome, groupInfo, commit]);
        await query(trimBundles, [device, limits.keyBundlesWaitingMax]);
        return row!.id;
      }),
    readBundle: async (id, { user, device }) => {
      const [row] = await pool.read<BundleRow>(selectBundle, [id, user, device]);
      if (!row) return 'unknownBundle';
      const { allowed, welcome, groupInfo, commit } = row;
      return allowed ? { welcome, groupInfo: groupInfo!, commit } : 'notMember';
    },
    expireBundles: async ({ before, waitingBefore, limit }) => {
      const [row] = await pool.write<{ count: number }>(deleteBundles, [before, waitingBefore, limit]);
      return row!.count;
    },
  };
}

// ---

async function left(query: Query, device: DeviceId): Promise<number> {
  const [row] = await query<{ count: number }>(countPackages, [device]);
  return row!.count;
}

const forgetPackages: Statement = { name: 'forget_packages', text: 'DELETE FROM key_packages WHERE device = $1' };

const setLastResort: Statement = {
  name: 'set_last_resort',
  text: `
    INSERT INTO key_packages (device, package, last_resort) VALUES ($1, $2, true)
    ON CONFLICT (device) WHERE last_resort DO UPDATE SET package = excluded.package`,
};

const insertPackages: Statement = {
  name: 'add_packages',
  text: `
    INSERT INTO key_packages (device, package, last_resort)
    SELECT $1, asked.package, false FROM unnest($2::text[]) WITH ORDINALITY asked (package, n) ORDER BY asked.n
    ON CONFLICT DO NOTHING`,
};

const trimPackages: Statement = {
  name: 'trim_packages',
  text: `
    DELETE FROM key_packages WHERE id IN (
      SELECT id FROM key_packages WHERE device = $1 AND NOT last_resort ORDER BY id DESC OFFSET $2
    )`,
};

const countPackages: Statement = {
  name: 'count_packages',
  text: 'SELECT count(*) AS count FROM key_packages WHERE device = $1 AND NOT last_resort',
};

/** A package that another claim is taking is passed over. */
const takePackages: Statement = {
  name: 'claim_packages',
  text: `
    WITH able AS MATERIALIZED (
      SELECT d.id FROM devices d
      WHERE d.user_id = $1 AND d.id <> $4 AND (SELECT true FROM sessions s WHERE s.device = d.id AND s.expires_at > $2 LIMIT 1)
        AND (SELECT true FROM key_packages p WHERE p.device = d.id LIMIT 1)
      ORDER BY d.id DESC LIMIT $3
    ), picked AS MATERIALIZED (
      SELECT p.id FROM able, LATERAL (
        SELECT k.id FROM key_packages k WHERE k.device = able.id AND NOT k.last_resort
        ORDER BY k.id LIMIT 1 FOR UPDATE SKIP LOCKED
      ) p
    ), taken AS (
      DELETE FROM key_packages WHERE id IN (SELECT id FROM picked) RETURNING device, package
    )
    SELECT device, package AS "keyPackage" FROM taken
    UNION ALL
    SELECT k.device, k.package FROM able JOIN key_packages k ON k.device = able.id AND k.last_resort
    WHERE k.device NOT IN (SELECT device FROM taken)`,
};

interface BundleRow {
  readonly allowed: boolean;
  readonly welcome: string | null;
  readonly groupInfo: string | null;
  readonly commit: string | null;
}

const insertBundle: Statement = {
  name: 'add_bundle',
  text: 'INSERT INTO key_bundles (device, at, welcome, group_info, commit) VALUES ($1, $2, $3, $4, $5) RETURNING id',
};

/** `conversation` is looked at again after waiting for a key change that has just referred to it. */
const trimBundles: Statement = {
  name: 'trim_bundles',
  text: `
    DELETE FROM key_bundles WHERE conversation IS NULL AND id IN (
      SELECT id FROM key_bundles WHERE device = $1 AND conversation IS NULL ORDER BY id DESC OFFSET $2
    )`,
};

/** The parts are read only when they may be. */
const selectBundle: Statement = {
  name: 'read_bundle',
  text: `
    WITH found AS MATERIALIZED (
      SELECT b.id, CASE WHEN b.conversation IS NULL THEN b.device = $3 ELSE coalesce((
        SELECT bool_or(b.latest AND s.left_seq IS NULL OR b.seq >= s.joined_seq AND (s.left_seq IS NULL OR b.seq < s.left_seq))
        FROM members s WHERE s.conversation = b.conversation AND s.user_id = $2
      ), false) END AS allowed
      FROM key_bundles b WHERE b.id = $1
    )
    SELECT found.allowed, b.welcome, b.group_info AS "groupInfo", b.commit
    FROM found LEFT JOIN key_bundles b ON b.id = found.id AND found.allowed`,
};

/** Rows that a writer or another server holds are left for the next time. */
const deleteBundles: Statement = {
  name: 'expire_bundles',
  text: `
    WITH waiting AS MATERIALIZED (
      SELECT id FROM key_bundles WHERE conversation IS NULL AND at < $2
      ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED
    ), replaced AS MATERIALIZED (
      SELECT id FROM key_bundles WHERE conversation IS NOT NULL AND NOT latest AND at < $1
      ORDER BY at LIMIT greatest(0, $3 - (SELECT count(*) FROM waiting)) FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM key_bundles WHERE id IN (SELECT id FROM waiting UNION ALL SELECT id FROM replaced) RETURNING 1
    )
    SELECT count(*) AS count FROM gone`,
};
