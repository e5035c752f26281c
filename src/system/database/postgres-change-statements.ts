import type { Statement } from './postgres-pool.ts';

/** What changes of membership and keys ask of PostgreSQL. */

/**
 * Users by their names, each with the place of the name; those who do not exist are missing. Within a transaction the rows
 * are shared until its end: a deletion then comes before or after, not in between.
 */
export const targetsStatement: Statement = {
  name: 'targets',
  text: `
    SELECT asked.place, u.id, u.name, u.deleted_at IS NOT NULL AS deleted
    FROM unnest($1::text[]) WITH ORDINALITY asked (name, place)
    JOIN users u ON lower(u.name COLLATE "C") = lower(asked.name COLLATE "C")
    FOR SHARE OF u`,
};

export const lockStatement: Statement = {
  name: 'lock_conversation',
  text: `
    SELECT kind, admin, last_seq AS "lastSeq", epoch, sealed, bundle FROM conversations WHERE id = $1
    FOR NO KEY UPDATE`,
};

export const membersStatement: Statement = {
  name: 'members',
  text: 'SELECT user_id FROM members WHERE conversation = $1 AND left_seq IS NULL ORDER BY joined_seq, user_id',
};

export const directStatement: Statement = {
  name: 'direct',
  text: `
    SELECT c.id, m.at FROM conversations c JOIN messages m ON m.conversation = c.id AND m.seq = 1
    WHERE c.direct_low = $1 AND c.direct_high = $2`,
};

/** No row when the direct conversation exists, or a user does not; waits for one that is being made or deleted. */
export const createStatement: Statement = {
  name: 'create_conversation',
  text: `
    WITH living AS (
      SELECT id FROM users WHERE id = ANY ($6::bigint[]) AND deleted_at IS NULL ORDER BY id FOR SHARE
    ), made AS (
      INSERT INTO conversations (last_seq, kind, title, admin, direct_low, direct_high, epoch, bundle)
      SELECT 1, $1::text, $2::text, $3::bigint, $4::bigint, $5::bigint, $10::bigint, $11::bigint
      WHERE (SELECT count(*) FROM living) = cardinality($6::bigint[])
      ON CONFLICT DO NOTHING
      RETURNING id
    ), joined AS (
      INSERT INTO members (conversation, user_id, joined_seq) SELECT made.id, u, 1 FROM made, unnest($6::bigint[]) u
    ), written AS (
      INSERT INTO messages (conversation, seq, device, client_id, at, change, users, admin, epoch, commit, bundle)
      SELECT made.id, 1, $7::bigint, $8::bigint, $9::bigint, 'created', $6, $3, nullif($10, 0), $12::text, $11 FROM made
    )
    SELECT id FROM made`,
};

export const joinStatement: Statement = changeStatement(
  'join_group',
  'INSERT INTO members (conversation, user_id, joined_seq) SELECT $1, u, seq FROM bumped, unnest($3::bigint[]) u',
);
export const departStatement: Statement = changeStatement(
  'depart_group',
  `UPDATE members SET left_seq = bumped.seq FROM bumped
   WHERE members.conversation = $1 AND members.user_id = ANY ($3::bigint[]) AND members.left_seq IS NULL`,
);
export const rekeyStatement: Statement = changeStatement('rekey', 'SELECT');

/** No row when it does not exist, is another device's, or serves a change already. */
export const holdBundleStatement: Statement = {
  name: 'hold_bundle',
  text: 'SELECT id FROM key_bundles WHERE id = $1 AND device = $2 AND conversation IS NULL FOR UPDATE',
};

export const referStatement: Statement = {
  name: 'refer_to_bundle',
  text: 'UPDATE key_bundles SET conversation = $2, seq = $3, latest = true WHERE id = $1',
};

export const retireStatement: Statement = {
  name: 'retire_bundle',
  text: 'UPDATE key_bundles SET latest = false WHERE id = $1',
};

// ---

/** One entry more, with the change of the members that it stands for. */
function changeStatement(name: string, membersPart: string): Statement {
  return {
    name,
    text: `
      WITH bumped AS (
        UPDATE conversations SET last_seq = last_seq + 1, admin = $2::bigint, epoch = $8::bigint, bundle = $9::bigint,
          sealed = CASE WHEN $10::boolean THEN last_seq + 1 ELSE 0 END
        WHERE id = $1::bigint
        RETURNING last_seq AS seq
      ), changed AS (${membersPart}), written AS (
        INSERT INTO messages (conversation, seq, device, client_id, at, change, users, admin, epoch, commit, bundle)
        SELECT $1, seq, $4::bigint, $5::bigint, $6::bigint, $7::text, $3::bigint[], $2,
          CASE WHEN $11::boolean THEN $8 END, $12::text, CASE WHEN $11 THEN $9 END
        FROM bumped
      )
      SELECT seq, (SELECT name FROM users WHERE id = $2) AS admin_name FROM bumped`,
  };
}
