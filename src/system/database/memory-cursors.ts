import type { ConversationId, DeviceId, Seq } from '../protocol/ids.ts';
import type { Cursor } from './store.ts';

/** How far each device of the memory store has stored each conversation. */
export function createMemoryCursors() {
  const cursors = new Map<DeviceId, Map<ConversationId, Seq>>();

  return {
    of: (device: DeviceId, conversation: ConversationId): Seq => cursors.get(device)?.get(conversation) ?? (0 as Seq),
    /** Forward only. */
    move(moves: readonly Cursor[]): void {
      for (const { device, conversation, upTo } of moves) {
        const own = cursors.get(device) ?? new Map<ConversationId, Seq>();
        own.set(conversation, Math.max(own.get(conversation) ?? 0, upTo) as Seq);
        cursors.set(device, own);
      }
    },
    /** The furthest of some devices. */
    storedUpTo: (devices: readonly DeviceId[], conversation: ConversationId): Seq =>
      Math.max(0, ...devices.map((device) => cursors.get(device)?.get(conversation) ?? 0)) as Seq,
    forgetDevice: (device: DeviceId): void => void cursors.delete(device),
  };
}
