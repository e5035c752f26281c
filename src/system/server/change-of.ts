import type { Change, KeyUpdate } from '../database/store.ts';
import type { OperationFrame } from '../protocol/frames.ts';
import type { Seq } from '../protocol/ids.ts';
import type { Session } from './session.ts';

/** What the store is to do for a frame that changes members or keys. */
export function changeOf(session: Session, frame: Exclude<OperationFrame, { type: 'send' }>, at: number): Change {
  const operation = { by: session.who!, clientId: frame.clientId, at };
  switch (frame.type) {
    case 'openDirect':
      return { ...operation, kind: 'openDirect', with: frame.with, keys: keysOf(frame.keys) };
    case 'createGroup':
      return {
        ...operation,
        kind: 'createGroup',
        title: frame.title,
        users: frame.users ?? [],
        keys: keysOf(frame.keys),
      };
    case 'invite':
    case 'remove': {
      const { conversation, users } = frame;
      return { ...operation, kind: frame.type, conversation, users, keys: keysOf(frame.keys) };
    }
    case 'leave':
      return { ...operation, kind: 'leave', conversation: frame.conversation };
    case 'commit':
      return { ...operation, kind: 'commit', conversation: frame.conversation, keys: readKeys(frame.keys) };
    default:
      return frame satisfies never;
  }
}

// ---

type KeysInFrame = Extract<OperationFrame, { type: 'commit' }>['keys'];

function keysOf(keys: KeysInFrame | undefined): KeyUpdate | null {
  return keys === undefined ? null : readKeys(keys);
}

function readKeys({ epoch, sealed, commit, bundle }: KeysInFrame): KeyUpdate {
  return { epoch, sealed: sealed ?? (0 as Seq), commit: commit ?? null, bundle: bundle ?? null };
}
