import type { EpochMs } from '../ports.ts';
import type { ConversationKind, MembershipEntry } from '../protocol/frames.ts';
import type { ConversationId, Seq, UserId } from '../protocol/ids.ts';
import type { DoneOperation } from './change-rules.ts';
import { bigints } from './postgres-arrays.ts';
import type { Query, Statement } from './postgres-pool.ts';
import type { Change, Send } from './store.ts';

/** An operation on record. */
export interface DoneRow {
  readonly conversation: ConversationId;
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly change: MembershipEntry['change'] | null;
  readonly users: readonly UserId[] | null;
  readonly kind: ConversationKind;
  readonly title: string;
}

/** What is known of an operation that somebody asks for. */
export interface Known {
  /** Null when it was never done. */
  readonly done: DoneRow | null;
  /** A newer connection of its device has begun. */
  readonly superseded: boolean;
}

/** What is known of these operations, in their order. */
export async function findKnown(query: Query, operations: readonly (Send | Change)[]): Promise<readonly Known[]> {
  const rows = await query<KnownRow>(findKnownStatement, [
    bigints(operations.map(({ by }) => by.device)),
    bigints(operations.map(({ by }) => by.connection)),
    bigints(operations.map(({ clientId }) => clientId)),
  ]);
  return rows.map((row) => ({ done: row.conversation === null ? null : row, superseded: row.superseded }));
}

export function doneOf(row: DoneRow): DoneOperation {
  const { conversation, kind, title, change } = row;
  return { conversation, conversationKind: kind, title, change, users: row.users ?? [] };
}

// ---

type KnownRow = (DoneRow | { readonly conversation: null }) & { readonly superseded: boolean };

const findKnownStatement: Statement = {
  name: 'find_known',
  text: `
    SELECT coalesce(asked.connection < d.connection, false) AS superseded,
      m.conversation, m.seq, m.at, m.change, m.users, c.kind, c.title
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY asked (device, connection, client_id, n)
    LEFT JOIN devices d ON d.id = asked.device
    LEFT JOIN messages m ON m.device = asked.device AND m.client_id = asked.client_id
    LEFT JOIN conversations c ON c.id = m.conversation
    ORDER BY asked.n`,
};
