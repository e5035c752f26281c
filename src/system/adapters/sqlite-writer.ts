import type { DatabaseSync } from 'node:sqlite';
import type { LocalChange } from '../client/local/contract.ts';
import { folded, newProgress, unknownConversation } from '../client/local/rules.ts';

/** Makes one change inside the transaction that is open. */
export function createWriter(sqlite: DatabaseSync): (change: LocalChange) => void {
  const putFact = sqlite.prepare('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)');
  const putConversation = sqlite.prepare(
    'INSERT INTO conversations (id, facts, progress) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET facts = excluded.facts',
  );
  const setProgress = sqlite.prepare('UPDATE conversations SET progress = ? WHERE id = ?');
  const putEntry = sqlite.prepare(
    `INSERT OR REPLACE INTO entries (conversation, seq, at, sender, device, client_id, content, text)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const putOperation = sqlite.prepare('INSERT OR REPLACE INTO operations (client_id, operation) VALUES (?, ?)');
  const endOperation = sqlite.prepare('DELETE FROM operations WHERE client_id = ?');
  const putKey = sqlite.prepare('INSERT OR REPLACE INTO keys (name, bytes) VALUES (?, ?)');
  const dropKey = sqlite.prepare('DELETE FROM keys WHERE name = ?');

  return (change) => {
    switch (change.kind) {
      case 'account':
        putFact.run('account', JSON.stringify(change.account));
        return;
      case 'nextClientId':
        putFact.run('nextClientId', JSON.stringify(change.nextClientId));
        return;
      case 'conversation': {
        const { conversation } = change;
        putConversation.run(conversation.id, JSON.stringify(conversation), JSON.stringify(newProgress));
        return;
      }
      case 'progress': {
        const { changes } = setProgress.run(JSON.stringify(change.progress), change.conversation);
        if (changes === 0) throw unknownConversation(change.conversation);
        return;
      }
      case 'entry': {
        const { conversation, seq, at, sender, device, clientId, content } = change.entry;
        const text = change.text === null ? null : folded(change.text);
        putEntry.run(conversation, seq, at, sender, device, clientId, content, text);
        return;
      }
      case 'operation':
        putOperation.run(change.operation.clientId, JSON.stringify(change.operation));
        return;
      case 'operationEnded':
        endOperation.run(change.clientId);
        return;
      case 'key':
        if (change.bytes === null) dropKey.run(change.name);
        else putKey.run(change.name, change.bytes);
        return;
      default:
        change satisfies never;
    }
  };
}
