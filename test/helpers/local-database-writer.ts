/** A process that writes batches without end to the local database named by its argument, and says which are done. */
import { openSqliteDatabase } from '../../src/system/adapters/sqlite-database.ts';
import type { LocalChange } from '../../src/system/client/local/contract.ts';
import type { ClientId, ConversationId, Seq } from '../../src/system/protocol/ids.ts';
import { conversationOf, messageOf } from '../contracts/local-database-kit.ts';

const database = await openSqliteDatabase({ path: process.argv[2]! });
const { nextClientId } = await database.load();
await database.write([{ kind: 'conversation', conversation: conversationOf(1) }]);
process.stdout.write('open\n');
for (let batch: number = nextClientId; ; batch++) {
  await database.write(batchOf(batch));
  process.stdout.write(`${batch}\n`);
}

/** As large as a message with its cursor, its operation and its keys. */
function batchOf(batch: number): readonly LocalChange[] {
  const seq = batch as Seq;
  return [
    messageOf(1, batch, `message ${batch} ${'x'.repeat(2000)}`),
    { kind: 'progress', conversation: 1 as ConversationId, progress: { cursor: seq, read: 0 as Seq, unread: batch } },
    { kind: 'key', name: 'group/1', bytes: new Uint8Array(8000).fill(batch % 256) },
    { kind: 'nextClientId', nextClientId: (batch + 1) as ClientId },
  ];
}
