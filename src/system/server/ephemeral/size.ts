import type { ServerSettings } from '../contract.ts';
import type { Room } from '../rooms.ts';

/** Whether the room is small enough for receipts and typing. Where the members are not known, the sessions here are counted. */
export function mayBeTold(room: Room, { ephemeralMembersMax }: Pick<ServerSettings, 'ephemeralMembersMax'>): boolean {
  return (room.info?.members.length ?? (room.receipts?.members || room.feeds)) <= ephemeralMembersMax;
}
