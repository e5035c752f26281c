import type { EpochMs } from '../ports.ts';
import type { MembershipEntry } from '../protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserId, UserName } from '../protocol/ids.ts';
import type { Departures } from './account-store.ts';
import { bigints } from './postgres-arrays.ts';
import { eraseUser } from './postgres-erasure.ts';
import type { Query, Statement } from './postgres-pool.ts';

/**
 * One round for one deleted user, in one transaction: out of some conversations, or, when there is none left, the erasure
 * of what else is kept. The user's row is held, so that other servers take other users.
 */
export async function depart(
  query: Query,
  { limit, at }: { readonly limit: number; readonly at: EpochMs },
): Promise<Departures> {
  const [user] = await query<Leaver>(takeLeaver);
  if (user === undefined) return { written: [], more: false };
  const stays = await query<{ conversation: ConversationId }>(readStays, [user.id, limit]);
  if (stays.length === 0) {
    await eraseUser(query, user.id);
    await query(haveLeft, [user.id]);
    return { written: [], more: true };
  }
  const conversations = bigints(stays.map(({ conversation }) => conversation));
  // Each statement sees what was committed before it began: the next one decides on conversations that nobody else changes.
  await query(lockConversations, [conversations]);
  const [device] = await query<{ id: DeviceId }>(farewellDevice, [user.id]);
  const rows = await query<DepartureRow>(leaveAll, [user.id, conversations, device!.id, at]);
  return { written: rows.map((row) => departureOf({ row, user, device: device!.id, at })), more: true };
}

// ---

interface Leaver {
  readonly id: UserId;
  readonly name: UserName;
}

interface DepartureRow {
  readonly conversation: ConversationId;
  readonly seq: Seq;
  readonly change: MembershipEntry['change'];
  readonly users: readonly UserId[];
  readonly names: UserName[];
  readonly admin: UserName | null;
}

function departureOf(of: { row: DepartureRow; user: Leaver; device: DeviceId; at: EpochMs }) {
  const { conversation, seq, change, users, names, admin } = of.row;
  const head = {
    conversation,
    seq,
    at: of.at,
    sender: of.user.name,
    device: of.device,
    clientId: clientIdOf(conversation),
  };
  return { entry: { type: 'membership' as const, ...head, change, users: names, admin }, affected: users };
}

/** A user departs from a conversation once, so its id names the operation on the device that departs. */
function clientIdOf(conversation: ConversationId): ClientId {
  return conversation as number as ClientId;
}

const takeLeaver: Statement = {
  name: 'take_leaver',
  text: 'SELECT id, name FROM users WHERE leaving ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED',
};

const haveLeft: Statement = { name: 'have_left', text: 'UPDATE users SET leaving = false WHERE id = $1' };

const readStays: Statement = {
  name: 'read_stays',
  text: `
    SELECT conversation FROM members WHERE user_id = $1 AND left_seq IS NULL
    ORDER BY conversation LIMIT $2`,
};

const lockConversations: Statement = {
  name: 'lock_conversations',
  text: 'SELECT id FROM conversations WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE',
};

/** The device in whose name all departures of the user are written. No client can sign in on it: its label is empty. */
const farewellDevice: Statement = {
  name: 'farewell_device',
  text: `
    INSERT INTO devices (user_id, label) VALUES ($1, '')
    ON CONFLICT (user_id, label) DO UPDATE SET label = excluded.label
    RETURNING id`,
};

/**
 * A direct conversation ends for both, and loses its pair, by which members of such a conversation are known. An encrypted
 * one is sealed, as by somebody who leaves.
 */
const leaveAll: Statement = {
  name: 'leave_all',
  text: `
    WITH stays AS MATERIALIZED (
      SELECT m.conversation, CASE WHEN c.admin = $1 THEN (
        SELECT o.user_id FROM members o
        WHERE o.conversation = m.conversation AND o.left_seq IS NULL AND o.user_id <> $1
        ORDER BY o.joined_seq, o.user_id LIMIT 1
      ) ELSE c.admin END AS heir
      FROM members m JOIN conversations c ON c.id = m.conversation
      WHERE m.user_id = $1 AND m.left_seq IS NULL AND m.conversation = ANY ($2)
    ), bumped AS (
      UPDATE conversations c SET last_seq = c.last_seq + 1, admin = stays.heir, direct_low = NULL, direct_high = NULL,
        sealed = CASE WHEN c.epoch > 0 THEN c.last_seq + 1 ELSE 0 END
      FROM stays WHERE c.id = stays.conversation
      RETURNING c.id, c.last_seq AS seq, c.admin, CASE c.kind WHEN 'direct' THEN 'ended' ELSE 'left' END AS change
    ), gone AS (
      UPDATE members m SET left_seq = bumped.seq FROM bumped
      WHERE m.conversation = bumped.id AND m.left_seq IS NULL AND (m.user_id = $1 OR bumped.change = 'ended')
      RETURNING m.conversation, m.user_id
    ), listed AS MATERIALIZED (
      SELECT bumped.*, (
        SELECT array_agg(gone.user_id ORDER BY gone.user_id <> $1) FROM gone WHERE gone.conversation = bumped.id
      ) AS users
      FROM bumped
    ), written AS (
      INSERT INTO messages (conversation, seq, device, client_id, at, change, users, admin)
      SELECT id, seq, $3::bigint, id, $4::bigint, change, users, admin FROM listed
    )
    SELECT id AS conversation, seq, change, users, (
      SELECT array_agg(u.name ORDER BY place) FROM unnest(users) WITH ORDINALITY named (id, place) JOIN users u ON u.id = named.id
    ) AS names, (SELECT a.name FROM users a WHERE a.id = listed.admin) AS admin
    FROM listed
    ORDER BY id`,
};
