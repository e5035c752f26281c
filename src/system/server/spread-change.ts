import type { Entry } from '../protocol/frames.ts';
import type { UserId } from '../protocol/ids.ts';
import type { Hints } from './hints.ts';
import type { Memberships } from './memberships.ts';
import type { Rooms } from './rooms.ts';
import type { Directory } from './session.ts';
import { entryParcel } from './write-frame.ts';

/** Hands out a change of membership that was just committed; `affected` came or went by it. Hints go with the next `publish`. */
export type SpreadChange = (entry: Entry, affected: readonly UserId[]) => void;

interface Parts {
  readonly rooms: Rooms;
  readonly hints: Hints;
  readonly directory: Directory;
  readonly memberships: Memberships;
}

export function createSpreadChange({ rooms, hints, directory, memberships }: Parts): SpreadChange {
  return (entry, affected) => {
    const { conversation } = entry;
    const parcel = entryParcel(entry);
    rooms.offer(conversation, parcel);
    hints.committed(conversation, parcel, affected);
    for (const user of affected) {
      for (const session of directory.ofUser(user)) memberships.touched(session, conversation);
    }
  };
}
