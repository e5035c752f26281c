import type { ClientSession } from '../contract.ts';
import type { ToSeal, Wire } from './sealing.ts';

/** An operation that waits in the session already is not asked for twice. */
export function handTo(session: ClientSession, { clientId, asked }: ToSeal, wire: Wire): void {
  const options = { clientId, ...(wire.change && { keys: wire.change }) };
  switch (asked.op) {
    case 'send':
      session.send(asked.conversation, wire.payload ?? '', wire.epoch ?? 0, { clientId });
      return;
    case 'openDirect':
      session.openDirect(asked.with, options);
      return;
    case 'createGroup':
      session.createGroup(asked.title, asked.users, options);
      return;
    case 'invite':
    case 'remove':
      session[asked.op](asked.conversation, asked.users, options);
      return;
    case 'leave':
      session.leave(asked.conversation, { clientId });
      return;
    case 'rekey':
      session.commit(asked.conversation, wire.change!, { clientId });
      return;
    default:
      asked satisfies never;
  }
}
