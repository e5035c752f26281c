import type { EpochMs } from '../ports.ts';
import type { ConversationKind, MembershipEntry } from '../protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserId } from '../protocol/ids.ts';
import type { DoneOperation } from './change-rules.ts';
import { bigints } from './postgres-arrays.ts';
import type { Query, Statement } from './postgres-pool.ts';
import type { Change, Send } from './store.ts';

/** An operation on record. */
export interface DoneRow {
  readonly device: DeviceId;
  readonly client_id: ClientId;
  readonly conversation: ConversationId;
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly change: MembershipEntry['change'] | null;
  readonly users: readonly UserId[] | null;
  readonly kind: ConversationKind;
  readonly title: string;
}

/** What is on record of these operations; those never done are missing. */
export function findDone(query: Query, operations: readonly (Send | Change)[]): Promise<readonly DoneRow[]> {
  return query(findDoneStatement, [
    bigints(operations.map(({ by }) => by.device)),
    bigints(operations.map(({ clientId }) => clientId)),
  ]);
}

export function doneOf(row: DoneRow): DoneOperation {
  const { conversation, kind, title, change } = row;
  return { conversation, conversationKind: kind, title, change, users: row.users ?? [] };
}

// ---

const findDoneStatement: Statement = {
  name: 'find_done',
  text: `
    SELECT m.device, m.client_id, m.conversation, m.seq, m.at, m.change, m.users, c.kind, c.title
    FROM unnest($1::bigint[], $2::bigint[]) asked (device, client_id)
    JOIN messages m ON m.device = asked.device AND m.client_id = asked.client_id
    JOIN conversations c ON c.id = m.conversation`,
};
