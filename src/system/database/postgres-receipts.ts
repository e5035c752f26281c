import type { ConversationId, Seq, UserName } from '../protocol/ids.ts';
import { bigints } from './postgres-arrays.ts';
import type { Pool, Statement } from './postgres-pool.ts';
import type { ConversationPointers, MemberPointers, ReadPointer, ReceiptStore } from './receipt-store.ts';

/** Read pointers, and those of delivery as the cursors of devices tell them. */
export function createReceipts(pool: Pool): ReceiptStore {
  return {
    moveReads: async (reads) => {
      if (reads.length === 0) return;
      const merged = mergeReads(reads);
      await pool.write(moveReads, [
        bigints(merged.map(({ user }) => user)),
        bigints(merged.map(({ conversation }) => conversation)),
        bigints(merged.map(({ upTo }) => upTo)),
      ]);
    },
    pointers: async (conversations, membersMax) => {
      const rows = await pool.read<PointerRow>(readPointers, [bigints([...new Set(conversations)]), membersMax]);
      return gather(rows);
    },
  };
}

// ---

interface PointerRow {
  readonly conversation: ConversationId;
  readonly members: number;
  readonly user: UserName | null;
  readonly delivered: Seq | null;
  readonly read: Seq | null;
}

function gather(rows: readonly PointerRow[]): readonly ConversationPointers[] {
  const found = new Map<ConversationId, ConversationPointers & { readonly pointers: MemberPointers[] }>();
  for (const { conversation, members, user, delivered, read } of rows) {
    const known = found.get(conversation) ?? { conversation, members, pointers: [] };
    found.set(conversation, known);
    if (user !== null && delivered! > 0) known.pointers.push({ user, delivered: delivered!, read: read! });
  }
  return [...found.values()];
}

/** The furthest of each user and conversation, ascending by both, so that writers lock in one order. */
function mergeReads(reads: readonly ReadPointer[]): readonly ReadPointer[] {
  const furthest = new Map<string, ReadPointer>();
  for (const read of reads) {
    const key = `${read.conversation}/${read.user}`;
    if ((furthest.get(key)?.upTo ?? 0) < read.upTo) furthest.set(key, read);
  }
  return [...furthest.values()].sort((a, b) => a.user - b.user || a.conversation - b.conversation);
}

/** As with cursors: nearly all rows exist and are moved by the first part; the second makes those that are missing. */
const moveReads: Statement = {
  name: 'move_reads',
  text: `
    WITH asked AS MATERIALIZED (
      SELECT a.user_id, a.conversation, least(a.up_to, s.last) AS up_to
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) a (user_id, conversation, up_to), LATERAL (
        SELECT max(coalesce(m.left_seq, c.last_seq)) AS last
        FROM members m JOIN conversations c ON c.id = m.conversation
        WHERE m.conversation = a.conversation AND m.user_id = a.user_id
      ) s
      WHERE s.last IS NOT NULL AND a.up_to > 0
        AND (SELECT true FROM users u WHERE u.id = a.user_id AND u.deleted_at IS NULL)
    ), moved AS (
      UPDATE read_pointers r SET up_to = asked.up_to FROM asked
      WHERE r.conversation = asked.conversation AND r.user_id = asked.user_id AND r.up_to < asked.up_to
    )
    INSERT INTO read_pointers (conversation, user_id, up_to)
    SELECT conversation, user_id, up_to FROM asked
    WHERE (
      SELECT true FROM read_pointers r WHERE r.conversation = asked.conversation AND r.user_id = asked.user_id
    ) IS NULL
    ON CONFLICT (user_id, conversation) DO UPDATE SET up_to = greatest(read_pointers.up_to, excluded.up_to)`,
};

const readPointers: Statement = {
  name: 'read_pointers',
  text: `
    SELECT asked.conversation, size.members, p.name AS "user", p.delivered, p.read
    FROM unnest($1::bigint[]) asked (conversation), LATERAL (
      SELECT count(*) AS members FROM (
        SELECT FROM members m WHERE m.conversation = asked.conversation AND m.left_seq IS NULL LIMIT $2::bigint + 1
      ) present
    ) size LEFT JOIN LATERAL (
      SELECT u.name, coalesce(r.up_to, 0) AS read,
        greatest(coalesce(r.up_to, 0), coalesce((
          SELECT max(k.up_to) FROM devices d JOIN cursors k ON k.device = d.id AND k.conversation = asked.conversation
          WHERE d.user_id = m.user_id
        ), 0)) AS delivered
      FROM members m JOIN users u ON u.id = m.user_id
      LEFT JOIN read_pointers r ON r.conversation = m.conversation AND r.user_id = m.user_id
      WHERE m.conversation = asked.conversation AND m.left_seq IS NULL
    ) p ON size.members <= $2::bigint
    WHERE size.members > 0`,
};
