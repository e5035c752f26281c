import { Client } from 'pg';
import type { StoredMessage } from '../backend.ts';

/** Reads every message of the database in order of conversation and sequence, a page at a time. */
export async function* readStored(url: string): AsyncIterable<StoredMessage> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(`DECLARE stored NO SCROLL CURSOR FOR ${everyMessage}`);
    for (;;) {
      const { rows } = await client.query<Row>(`FETCH ${pageRows} FROM stored`);
      if (rows.length === 0) return;
      for (const { conversation, seq, sender, client_id } of rows) {
        yield { conversation: Number(conversation), seq: Number(seq), sender, clientId: Number(client_id) };
      }
    }
  } finally {
    await client.end();
  }
}

// ---

/** Numbers of type bigint come as text. */
interface Row {
  readonly conversation: string;
  readonly seq: string;
  readonly sender: string;
  readonly client_id: string;
}

const pageRows = 10_000;

/** Changes of membership stand in the same table; they have `change`, messages do not. */
const everyMessage = `
  SELECT messages.conversation, messages.seq, users.name AS sender, messages.client_id
  FROM messages JOIN devices ON devices.id = messages.device JOIN users ON users.id = devices.user_id
  WHERE messages.change IS NULL
  ORDER BY messages.conversation, messages.seq`;
