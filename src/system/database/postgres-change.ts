import type { ErrorCode } from '../protocol/errors.ts';
import type { ConversationKind, MembershipEntry } from '../protocol/frames.ts';
import type { ConversationId, Seq, UserId, UserName } from '../protocol/ids.ts';
import {
  type ConversationState,
  type Decision,
  decideChange,
  type GroupChange,
  isRepeat,
  targetName,
} from './change-rules.ts';
import { bigints } from './postgres-arrays.ts';
import { type DoneRow, doneOf, findKnown, type Known } from './postgres-done.ts';
import { type Pool, type Query, type Statement, sqlState } from './postgres-pool.ts';
import { storable } from './postgres-text.ts';
import type { Change, Outcome } from './store.ts';

/** Writes changes of membership, each in one transaction that holds the conversation's row. */
export function createChange(
  pool: Pool,
  { groupMembersMax }: { readonly groupMembersMax: number },
): (change: Change) => Promise<Outcome> {
  return async (change) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await perform(change);
      } catch (error) {
        // The same operation has just been committed through another server: the next attempt sees it.
        if (sqlState(error) !== uniqueViolation || attempt === attemptsMax) throw error;
      }
    }
  };

  function perform(change: Change): Promise<Outcome> {
    switch (change.kind) {
      case 'openDirect':
      case 'createGroup':
        return create(change);
      default:
        return pool.transaction((query) => changeGroup(query, change));
    }
  }

  async function create(change: CreatingChange): Promise<Outcome> {
    const { done, superseded, target } = await factsOf(pool.read, change);
    if (done) return repeat(change, done, target?.id ?? null);
    if (superseded) return { kind: 'superseded' };
    if (change.kind === 'createGroup') {
      return (await insert(change, { kind: 'group', users: [self(change)] })) ?? { kind: 'superseded' };
    }
    if (!target || target.deleted) return refused('unknownUser');
    const users = target.id === change.by.user ? [self(change)] : [self(change), target];
    return (await insert(change, { kind: 'direct', users })) ?? (await existing(users));
  }

  /** Null when this direct conversation exists, or one of the users has just been deleted. */
  async function insert(
    change: CreatingChange,
    { kind, users }: { kind: ConversationKind; users: readonly Person[] },
  ): Promise<Outcome | null> {
    const ids = users.map(({ id }) => id);
    const direct = kind === 'direct';
    const admin = direct ? null : change.by;
    const [row] = await pool.write<{ id: ConversationId }>(createStatement, [
      kind,
      change.kind === 'createGroup' ? storable(change.title) : '',
      admin?.user ?? null,
      direct ? Math.min(...ids) : null,
      direct ? Math.max(...ids) : null,
      bigints(ids),
      change.by.device,
      change.clientId,
      change.at,
    ]);
    if (!row) return null;
    return accepted(change, {
      conversation: row.id,
      seq: 1 as Seq,
      change: 'created',
      users,
      admin: admin?.name ?? null,
    });
  }

  async function existing(users: readonly Person[]): Promise<Outcome> {
    const ids = users.map(({ id }) => id);
    const [row] = await pool.read<{ id: ConversationId; at: number }>(directStatement, [
      Math.min(...ids),
      Math.max(...ids),
    ]);
    if (!row) return refused('unknownUser');
    const { id, at } = row;
    return { kind: 'accepted', conversation: id, seq: 1 as Seq, at, repeat: true, affected: ids, entry: null };
  }

  async function changeGroup(query: Query, change: GroupChange): Promise<Outcome> {
    const state = await lock(query, change.conversation);
    const { done, superseded, target } = await factsOf(query, change);
    if (done) return repeat(change, done, target?.id ?? null);
    if (superseded) return { kind: 'superseded' };
    const living = target?.deleted ? null : (target?.id ?? null);
    const decision = decideChange(change, { state, target: living, groupMembersMax });
    if (decision.kind === 'refused') return decision;
    return apply(query, { change, decision, person: change.kind === 'leave' ? self(change) : target! });
  }

  async function apply(
    query: Query,
    {
      change,
      decision,
      person,
    }: { change: GroupChange; decision: Extract<Decision, { kind: 'apply' }>; person: Person },
  ): Promise<Outcome> {
    const { conversation, by, clientId, at } = change;
    const [row] = await query<{ seq: Seq; admin_name: UserName | null }>(
      decision.change === 'added' ? joinStatement : departStatement,
      [conversation, decision.admin, person.id, by.device, clientId, at, decision.change],
    );
    const { seq, admin_name: admin } = row!;
    return accepted(change, { conversation, seq, change: decision.change, users: [person], admin });
  }
}

// ---

type CreatingChange = Extract<Change, { kind: 'openDirect' | 'createGroup' }>;

interface Person {
  readonly id: UserId;
  readonly name: UserName;
}

interface Target extends Person {
  readonly deleted: boolean;
}

const uniqueViolation = '23505';
const attemptsMax = 10;

/**
 * The target is looked up first: when the connection is still the newest afterwards, a later one, which may repeat the
 * operation, finds the same target.
 */
async function factsOf(query: Query, change: Change): Promise<Known & { target: Target | null }> {
  const name = targetName(change);
  const [target] = name === null ? [] : await query<Target>(targetStatement, [storable(name)]);
  const [known] = await findKnown(query, [change]);
  return { ...known!, target: target ?? null };
}

/** The conversation as it stays until the end of the transaction. Other writers of it wait. */
async function lock(query: Query, conversation: ConversationId): Promise<ConversationState | null> {
  const [row] = await query<{ kind: ConversationKind; admin: UserId | null }>(lockStatement, [conversation]);
  if (!row) return null;
  const members = await query<{ user_id: UserId }>(membersStatement, [conversation]);
  return { ...row, members: members.map(({ user_id }) => user_id) };
}

function repeat(change: Change, row: DoneRow, target: UserId | null): Outcome {
  if (!isRepeat(withStorableTitle(change), doneOf(row), target)) return refused('clientIdReused');
  const { conversation, seq, at, users } = row;
  return { kind: 'accepted', conversation, seq, at, repeat: true, affected: users ?? [], entry: null };
}

function withStorableTitle(change: Change): Change {
  return change.kind === 'createGroup' ? { ...change, title: storable(change.title) } : change;
}

function accepted(
  { by, clientId, at }: Change,
  what: {
    conversation: ConversationId;
    seq: Seq;
    change: MembershipEntry['change'];
    users: readonly Person[];
    admin: UserName | null;
  },
): Outcome {
  const { conversation, seq, change, admin } = what;
  const names = what.users.map(({ name }) => name);
  const head = { conversation, seq, at, sender: by.name, device: by.device, clientId };
  return {
    kind: 'accepted',
    conversation,
    seq,
    at,
    repeat: false,
    affected: what.users.map(({ id }) => id),
    entry: { type: 'membership', ...head, change, users: names, admin },
  };
}

function self({ by }: Change): Person {
  return { id: by.user, name: by.name };
}

function refused(code: ErrorCode): Outcome {
  return { kind: 'refused', code };
}

/** Within a transaction the row is shared until its end: a deletion then comes before or after, not in between. */
const targetStatement: Statement = {
  name: 'target',
  text: `
    SELECT id, name, deleted_at IS NOT NULL AS deleted FROM users
    WHERE lower(name COLLATE "C") = lower($1::text COLLATE "C") FOR SHARE`,
};

const lockStatement: Statement = {
  name: 'lock_conversation',
  text: 'SELECT kind, admin FROM conversations WHERE id = $1 FOR NO KEY UPDATE',
};

const membersStatement: Statement = {
  name: 'members',
  text: 'SELECT user_id FROM members WHERE conversation = $1 AND left_seq IS NULL ORDER BY joined_seq, user_id',
};

const directStatement: Statement = {
  name: 'direct',
  text: `
    SELECT c.id, m.at FROM conversations c JOIN messages m ON m.conversation = c.id AND m.seq = 1
    WHERE c.direct_low = $1 AND c.direct_high = $2`,
};

/** No row when the direct conversation exists, or a user does not; waits for one that is being made or deleted. */
const createStatement: Statement = {
  name: 'create_conversation',
  text: `
    WITH living AS (
      SELECT id FROM users WHERE id = ANY ($6::bigint[]) AND deleted_at IS NULL ORDER BY id FOR SHARE
    ), made AS (
      INSERT INTO conversations (last_seq, kind, title, admin, direct_low, direct_high)
      SELECT 1, $1::text, $2::text, $3::bigint, $4::bigint, $5::bigint
      WHERE (SELECT count(*) FROM living) = cardinality($6::bigint[])
      ON CONFLICT DO NOTHING
      RETURNING id
    ), joined AS (
      INSERT INTO members (conversation, user_id, joined_seq) SELECT made.id, u, 1 FROM made, unnest($6::bigint[]) u
    ), written AS (
      INSERT INTO messages (conversation, seq, device, client_id, at, change, users, admin)
      SELECT made.id, 1, $7::bigint, $8::bigint, $9::bigint, 'created', $6, $3 FROM made
    )
    SELECT id FROM made`,
};

const joinStatement = changeStatement(
  'join_group',
  'INSERT INTO members (conversation, user_id, joined_seq) SELECT $1, $3::bigint, seq FROM bumped',
);
const departStatement = changeStatement(
  'depart_group',
  `UPDATE members SET left_seq = bumped.seq FROM bumped
   WHERE members.conversation = $1 AND members.user_id = $3 AND members.left_seq IS NULL`,
);

/** One entry more, with the change of the members that it stands for. */
function changeStatement(name: string, membersPart: string): Statement {
  return {
    name,
    text: `
      WITH bumped AS (
        UPDATE conversations SET last_seq = last_seq + 1, admin = $2::bigint WHERE id = $1::bigint
        RETURNING last_seq AS seq
      ), changed AS (${membersPart}), written AS (
        INSERT INTO messages (conversation, seq, device, client_id, at, change, users, admin)
        SELECT $1, seq, $4::bigint, $5::bigint, $6::bigint, $7::text, ARRAY[$3::bigint], $2 FROM bumped
      )
      SELECT seq, (SELECT name FROM users WHERE id = $2) AS admin_name FROM bumped`,
  };
}
