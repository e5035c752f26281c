import type { EpochMs } from '../ports.ts';
import type { ConversationKind, Entry, MembershipEntry } from '../protocol/frames.ts';
import type { BundleId, ClientId, ConversationId, DeviceId, Seq, UserId, UserName } from '../protocol/ids.ts';
import { mergeCursors } from './change-rules.ts';
import { bigints } from './postgres-arrays.ts';
import type { Pool, Statement } from './postgres-pool.ts';
import type { Conversation, Membership, Store } from './store.ts';

/** Reading, cursors and expiry. */
export function createConversations(
  pool: Pool,
): Pick<Store, 'read' | 'membershipsOf' | 'conversation' | 'heads' | 'moveCursors' | 'expire'> {
  return {
    read: async ({ conversation, user, after, upTo, limit }) => {
      const rows = await pool.read<EntryRow>(readEntries, [conversation, user, after, upTo, limit]);
      return rows.map((row) => entryOf(conversation, row));
    },
    membershipsOf: (user, device) => pool.read<Membership>(readMemberships, [user, device]),
    conversation: async (id) => {
      const [row] = await pool.read<ConversationRow>(readConversation, [id]);
      return row ? conversationOf(row) : null;
    },
    heads: async (conversations) => {
      const rows = await pool.read<{ id: ConversationId; seq: Seq }>(readHeads, [bigints(conversations)]);
      return new Map(rows.map(({ id, seq }) => [id, seq]));
    },
    moveCursors: async (cursors) => {
      if (cursors.length === 0) return;
      const merged = mergeCursors(cursors);
      await pool.write(moveCursors, [
        bigints(merged.map(({ device }) => device)),
        bigints(merged.map(({ conversation }) => conversation)),
        bigints(merged.map(({ upTo }) => upTo)),
      ]);
    },
    expire: async (before, limit) => {
      const [row] = await pool.write<{ count: number }>(expireMessages, [before, limit]);
      return row!.count;
    },
  };
}

// ---

interface EntryRow {
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly sender: UserName;
  readonly device: DeviceId;
  readonly client_id: ClientId;
  readonly epoch: number | null;
  readonly payload: string | null;
  readonly commit: string | null;
  readonly bundle: BundleId | null;
  readonly change: MembershipEntry['change'] | null;
  readonly users: UserName[] | null;
  readonly admin: UserName | null;
}

function entryOf(conversation: ConversationId, row: EntryRow): Entry {
  const { seq, at, sender, device, client_id: clientId, change, users, admin, epoch, commit, bundle } = row;
  const head = { conversation, seq, at, sender, device, clientId };
  if (change === null) return { type: 'message', ...head, epoch: epoch!, payload: row.payload! };
  const keys = epoch === null ? {} : { keys: { epoch, commit, bundle } };
  return { type: 'membership', ...head, change, users: users ?? [], admin, ...keys };
}

interface ConversationRow {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  readonly title: string;
  readonly admin: UserName | null;
  readonly last_seq: Seq;
  readonly epoch: number;
  readonly sealed: Seq;
  readonly bundle: BundleId | null;
  readonly ids: readonly UserId[];
  readonly names: readonly UserName[];
}

function conversationOf(row: ConversationRow): Conversation {
  const { id, kind, title, admin, last_seq: lastSeq, epoch, sealed, bundle, names } = row;
  const members = row.ids.map((id, index) => ({ id, name: names[index]! }));
  return { id, kind, title, admin, members, lastSeq, epoch, sealed, bundle };
}

const readEntries: Statement = {
  name: 'read_entries',
  text: `
    SELECT m.seq, m.at, u.name AS sender, m.device, m.client_id, m.epoch, m.payload, m.commit, m.bundle, m.change,
      CASE WHEN m.change IS NOT NULL THEN (
        SELECT array_agg(named.name ORDER BY place)
        FROM unnest(m.users) WITH ORDINALITY listed (id, place) JOIN users named ON named.id = listed.id
      ) END AS users,
      CASE WHEN m.admin IS NOT NULL THEN (SELECT a.name FROM users a WHERE a.id = m.admin) END AS admin
    FROM messages m JOIN devices d ON d.id = m.device JOIN users u ON u.id = d.user_id
    WHERE m.conversation = $1 AND m.seq > $3 AND m.seq <= $4
      AND (m.payload IS NOT NULL OR m.change IS NOT NULL)
      AND (
        SELECT true FROM members s
        WHERE s.conversation = $1 AND s.user_id = $2 AND m.seq BETWEEN s.joined_seq AND coalesce(s.left_seq, m.seq)
      )
    ORDER BY m.seq
    LIMIT $5`,
};

const readMemberships: Statement = {
  name: 'read_memberships',
  text: `
    SELECT s.conversation, min(s.joined_seq) AS "joinedSeq",
      CASE WHEN bool_and(s.left_seq IS NOT NULL) THEN max(s.left_seq) END AS "leftSeq",
      coalesce(k.up_to, 0) AS cursor, c.last_seq AS "lastSeq"
    FROM members s JOIN conversations c ON c.id = s.conversation
    LEFT JOIN cursors k ON k.device = $2 AND k.conversation = s.conversation
    WHERE s.user_id = $1
    GROUP BY s.conversation, k.up_to, c.last_seq
    ORDER BY s.conversation`,
};

const readConversation: Statement = {
  name: 'read_conversation',
  text: `
    SELECT c.id, c.kind, c.title, a.name AS admin, c.last_seq, c.epoch, c.sealed, c.bundle, present.ids, present.names
    FROM conversations c LEFT JOIN users a ON a.id = c.admin,
    LATERAL (
      SELECT coalesce(array_agg(u.id ORDER BY s.joined_seq, u.id), '{}') AS ids,
        coalesce(array_agg(u.name ORDER BY s.joined_seq, u.id), '{}') AS names
      FROM members s JOIN users u ON u.id = s.user_id
      WHERE s.conversation = c.id AND s.left_seq IS NULL
    ) present
    WHERE c.id = $1`,
};

const readHeads: Statement = {
  name: 'read_heads',
  text: 'SELECT id, last_seq AS seq FROM conversations WHERE id = ANY ($1)',
};

/** Nearly all rows exist and are moved by the first part; the second makes those that are missing. */
const moveCursors: Statement = {
  name: 'move_cursors',
  text: `
    WITH asked AS MATERIALIZED (
      SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) asked (device, conversation, up_to)
    ), moved AS (
      UPDATE cursors k SET up_to = asked.up_to FROM asked
      WHERE k.device = asked.device AND k.conversation = asked.conversation AND k.up_to < asked.up_to
    )
    INSERT INTO cursors (device, conversation, up_to)
    SELECT device, conversation, up_to FROM asked
    WHERE (SELECT true FROM cursors k WHERE k.device = asked.device AND k.conversation = asked.conversation) IS NULL
      AND (SELECT d.label IS NOT NULL FROM devices d WHERE d.id = asked.device)
      AND (SELECT true FROM conversations c WHERE c.id = asked.conversation)
    ON CONFLICT (device, conversation) DO UPDATE SET up_to = greatest(cursors.up_to, excluded.up_to)`,
};

/** Rows that a writer or another server holds are left for the next time. */
const expireMessages: Statement = {
  name: 'expire_messages',
  text: `
    WITH old AS MATERIALIZED (
      SELECT conversation, seq FROM messages WHERE at < $1 AND payload IS NOT NULL
      ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
    ), emptied AS (
      UPDATE messages m SET payload = NULL FROM old
      WHERE m.conversation = old.conversation AND m.seq = old.seq
      RETURNING 1
    )
    SELECT count(*) AS count FROM emptied`,
};
