import { type BlobStore, dayMs, emptied, roomAfterMs, type StoredBlob } from './blob-store.ts';
import { type Pool, type Statement, sqlState } from './postgres-pool.ts';

/** Blobs in PostgreSQL, one row for each chunk. */
export function createBlobs(pool: Pool): BlobStore {
  return {
    begin: async (upload) => {
      const { blob, conversation, user, at, reserveBytes, bytesPerDay } = upload;
      const values = [blob, conversation, user, at, reserveBytes, bytesPerDay];
      const [row] = await pool.write<BegunRow>(beginBlob, values);
      if (row!.begun) return { kind: 'begun' };
      if (!row!.member) return { kind: 'notMember' };
      const used = emptied({ usedBytes: row!.used ?? 0, at: row!.used_at ?? at }, at, bytesPerDay);
      return { kind: 'tooMany', retryAfterMs: roomAfterMs(used, upload) };
    },
    append: async ({ blob, place, data }) => {
      try {
        return (await pool.write(appendChunk, [blob, place, data])).length === 1;
      } catch (error) {
        // The blob was deleted between the look and the write.
        if (sqlState(error) === foreignKeyViolation) return false;
        throw error;
      }
    },
    finish: async ({ blob, bytes, sha256, at }) => {
      const [row] = await pool.write<{ count: number }>(finishBlob, [blob, bytes, sha256, at]);
      return row!.count === 1;
    },
    abandon: async (blob, usedBytes) => {
      await pool.write(abandonBlob, [blob, usedBytes]);
    },
    find: async (blob, user) => {
      const [row] = await pool.read<StoredBlob>(findBlob, [blob, user]);
      return row ?? null;
    },
    read: async ({ blob, place, user }) => {
      const [row] = await pool.read<{ data: string }>(readChunk, [blob, place, user]);
      return row ? Buffer.from(row.data, 'base64') : null;
    },
    expire: async ({ finishedBefore, begunBefore, limit }) => {
      const [row] = await pool.write<{ count: number }>(expireBlobs, [finishedBefore, begunBefore, limit]);
      return row!.count;
    },
  };
}

// ---

const foreignKeyViolation = '23503';

interface BegunRow {
  readonly member: boolean | null;
  readonly begun: boolean | null;
  /** The allowance as it was before. */
  readonly used: number | null;
  readonly used_at: number | null;
}

/** The bytes of the last day as they are at the time `$4`: the same as `emptied`. */
const usedNow = `greatest(0, a.used - greatest(0, $4::bigint - a.at) * $6::double precision / ${dayMs})`;

const beginBlob: Statement = {
  name: 'begin_blob',
  text: `
    WITH member AS MATERIALIZED (
      SELECT true AS yes FROM members WHERE conversation = $2 AND user_id = $3 AND left_seq IS NULL
    ), charged AS (
      INSERT INTO blob_allowances AS a (user_id, used, at)
      SELECT $3::bigint, $5::double precision, $4::bigint FROM member WHERE $5::double precision <= $6::double precision
      ON CONFLICT (user_id) DO UPDATE SET used = ${usedNow} + $5, at = $4
      WHERE ${usedNow} + $5 <= $6
      RETURNING true
    ), begun AS (
      INSERT INTO blobs (id, conversation, user_id, at, reserved)
      SELECT $1, $2, $3, $4, $5::bigint FROM charged RETURNING true AS yes
    )
    SELECT (SELECT yes FROM member) AS member, (SELECT yes FROM begun) AS begun,
      (SELECT used FROM blob_allowances WHERE user_id = $3) AS used,
      (SELECT at FROM blob_allowances WHERE user_id = $3) AS used_at`,
};

const appendChunk: Statement = {
  name: 'append_chunk',
  text: `
    INSERT INTO blob_chunks (blob, place, data)
    SELECT id, $2::bigint, $3::bytea FROM blobs WHERE id = $1 AND bytes IS NULL
    RETURNING place`,
};

const isMember = `(
  SELECT true FROM members m WHERE m.conversation = b.conversation AND m.user_id = %user AND m.left_seq IS NULL
)`;

/** Gives back what the blobs of `settled` reserved and did not use. */
const giveBack = (used: string): string => `
  given_back AS (
    UPDATE blob_allowances a SET used = greatest(0, a.used - (settled.reserved - ${used})) FROM settled
    WHERE a.user_id = settled.user_id
  )`;

const finishBlob: Statement = {
  name: 'finish_blob',
  text: `
    WITH settled AS (
      UPDATE blobs b SET bytes = $2, sha256 = $3, at = $4
      WHERE b.id = $1 AND b.bytes IS NULL AND ${isMember.replace('%user', 'b.user_id')}
      RETURNING b.user_id, b.reserved
    ), ${giveBack('$2::bigint')}
    SELECT count(*) AS count FROM settled`,
};

const abandonBlob: Statement = {
  name: 'abandon_blob',
  text: `
    WITH settled AS (
      DELETE FROM blobs WHERE id = $1 AND bytes IS NULL RETURNING user_id, reserved
    ), ${giveBack('$2::bigint')}
    SELECT FROM settled`,
};

const findBlob: Statement = {
  name: 'find_blob',
  text: `
    SELECT b.bytes, b.sha256 FROM blobs b
    WHERE b.id = $1 AND b.bytes IS NOT NULL AND ${isMember.replace('%user', '$2')}`,
};

/** As base64, for this client reads text: a third larger where PostgreSQL's own text form of bytes is twice as large. */
const readChunk: Statement = {
  name: 'read_chunk',
  text: `
    SELECT encode(k.data, 'base64') AS data FROM blobs b JOIN blob_chunks k ON k.blob = b.id
    WHERE b.id = $1 AND k.place = $2 AND b.bytes IS NOT NULL AND ${isMember.replace('%user', '$3')}`,
};

/** Those that another server deletes at the moment are left to it. */
const expireBlobs: Statement = {
  name: 'expire_blobs',
  text: `
    WITH finished AS MATERIALIZED (
      SELECT id FROM blobs WHERE bytes IS NOT NULL AND at < $1 ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED
    ), unfinished AS MATERIALIZED (
      SELECT id FROM blobs WHERE bytes IS NULL AND at < $2 ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM blobs WHERE id IN (SELECT id FROM finished UNION ALL SELECT id FROM unfinished LIMIT $3)
      RETURNING true
    )
    SELECT count(*) AS count FROM gone`,
};
