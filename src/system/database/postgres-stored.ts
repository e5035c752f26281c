import pg from 'pg';
import type { StoredMessage } from './memory-store.ts';
import { connectionSettings } from './postgres-connection.ts';

/**
 * Reads back every message that has not expired, by conversation and sequence, for the check of a run against what the
 * database holds. Its own connection, a page at a time, so that a large run does not have to fit into memory.
 */
export async function* readStoredMessages(url: string): AsyncIterable<StoredMessage> {
  const client = new pg.Client(connectionSettings(url));
  client.on('error', () => {});
  await client.connect();
  try {
    let last = { conversation: 0, seq: 0 };
    for (;;) {
      const { rows } = await client.query<StoredMessage>({ ...pageStatement, values: [last.conversation, last.seq] });
      if (rows.length === 0) return;
      yield* rows;
      last = rows.at(-1)!;
    }
  } finally {
    await client.end();
  }
}

// ---

const pageStatement = {
  name: 'stored_messages',
  text: `
    SELECT m.conversation, m.seq, u.name AS sender, m.client_id AS "clientId"
    FROM messages m JOIN devices d ON d.id = m.device JOIN users u ON u.id = d.user_id
    WHERE (m.conversation, m.seq) > ($1::bigint, $2::bigint) AND m.payload IS NOT NULL
    ORDER BY m.conversation, m.seq
    LIMIT 10000`,
};
