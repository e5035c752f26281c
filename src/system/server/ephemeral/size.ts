import type { ServerSettings } from '../contract.ts';
import type { Room } from '../rooms.ts';

/** Whether the room is small enough for receipts and typing. One whose size is not known counts as small. */
export function mayBeTold(room: Room, { ephemeralMembersMax }: Pick<ServerSettings, 'ephemeralMembersMax'>): boolean {
  return (room.info?.members.length ?? room.receipts?.members ?? 0) <= ephemeralMembersMax;
}
