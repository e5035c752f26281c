import { Client } from 'pg';
import type { StoredMessage } from '../backend.ts';

/** Reads every message of the database in order of conversation and sequence, a page at a time; payloads only if asked for. */
export async function* readStored(url: string, payloads = false): AsyncIterable<StoredMessage> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(`DECLARE stored NO SCROLL CURSOR FOR ${everyMessage(payloads)}`);
    for (;;) {
      const { rows } = await client.query<Row>(`FETCH ${pageRows} FROM stored`);
      if (rows.length === 0) return;
      for (const { conversation, seq, sender, client_id, payload } of rows) {
        yield { conversation: Number(conversation), seq: Number(seq), sender, clientId: Number(client_id), payload };
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
  readonly payload: string;
}

const pageRows = 10_000;

/** Changes of membership stand in the same table; they have `change`, messages do not. */
const everyMessage = (payloads: boolean) => `
  SELECT messages.conversation, messages.seq, users.name AS sender, messages.client_id,
         ${payloads ? 'messages.payload' : "''"} AS payload
  FROM messages JOIN devices ON devices.id = messages.device JOIN users ON users.id = devices.user_id
  WHERE messages.change IS NULL
  ORDER BY messages.conversation, messages.seq`;
