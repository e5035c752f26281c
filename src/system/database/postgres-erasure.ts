import type { UserId } from '../protocol/ids.ts';
import type { Query, Statement } from './postgres-pool.ts';

/**
 * What becomes of a table's rows when a user is deleted: rows of a user or of a user's device go, or they are `kept` for a
 * reason. Every table has a line: a test compares this list with the database, so that a table added later is not forgotten.
 */
export type Erasure =
  | { readonly kind: 'rowsOfUser' | 'rowsOfDevice'; readonly column: string }
  | { readonly kind: 'kept'; readonly why: string };

export const erasures: Readonly<Record<string, Erasure>> = {
  sessions: { kind: 'rowsOfDevice', column: 'device' },
  cursors: { kind: 'rowsOfDevice', column: 'device' },
  read_pointers: { kind: 'rowsOfUser', column: 'user_id' },
  key_packages: { kind: 'rowsOfDevice', column: 'device' },
  key_bundles: {
    kind: 'kept',
    why: 'They belong to their conversation; those that no key change refers to expire within the hour.',
  },
  presence_online: { kind: 'rowsOfUser', column: 'user_id' },
  presence_seen: { kind: 'rowsOfUser', column: 'user_id' },
  blob_allowances: { kind: 'rowsOfUser', column: 'user_id' },
  blobs: { kind: 'kept', why: 'Images belong to their conversation, until they expire.' },
  blob_chunks: { kind: 'kept', why: 'They are the bytes of the blobs.' },
  users: { kind: 'kept', why: 'Entries that others keep name the user; the password’s hash is emptied.' },
  devices: { kind: 'kept', why: 'Entries that others keep came from them; their labels are emptied.' },
  conversations: { kind: 'kept', why: 'They belong to their members.' },
  members: { kind: 'kept', why: 'They say who may see which entries; those of the user are ended.' },
  messages: { kind: 'kept', why: 'What was written belongs to its readers, until it expires.' },
  presence_leases: { kind: 'kept', why: 'About servers, not about users.' },
  migrations: { kind: 'kept', why: 'About the database, not about users.' },
};

/** Deletes all rows that are not kept. */
export async function eraseUser(query: Query, user: UserId): Promise<void> {
  for (const statement of statements) await query(statement, [user]);
}

// ---

const statements: readonly Statement[] = Object.entries(erasures).flatMap(([table, erasure]) => {
  if (erasure.kind === 'kept') return [];
  const whose =
    erasure.kind === 'rowsOfUser'
      ? `${erasure.column} = $1`
      : `${erasure.column} IN (SELECT id FROM devices WHERE user_id = $1)`;
  return [{ name: `erase_${table}`, text: `DELETE FROM ${table} WHERE ${whose}` }];
});
