import type { ClientId, ConversationId, DeviceId, Seq, UserName } from '../../protocol/ids.ts';
import { localLimits } from '../local/contract.ts';
import { type Gap, keepGap } from './content.ts';
import type { Core } from './core.ts';
import type { Arrival } from './rooms.ts';

interface Around extends Pick<Core, 'database' | 'journal' | 'rooms'> {
  readonly world: Pick<Core['world'], 'clock'>;
}

type GapFound =
  | (Omit<Arrival, 'told'> & { readonly missed: number })
  /** All of them were one's own, and are here. */
  | { readonly entry: null; readonly missed: 0 };

/**
 * The entry that stands for messages which never come: at the last of their places, for what one has written oneself may
 * stand between them. To be called in the conversation's lane.
 */
export async function findGap(
  { database, journal, rooms, world }: Around,
  { conversation, from, to }: Omit<Gap, 'missed'> & { readonly conversation: ConversationId },
): Promise<GapFound> {
  await journal.flush();
  let missed = to - from + 1;
  let last: number = to;
  for (let before = (to + 1) as Seq; before > from; ) {
    const page = await database.page({ conversation, before, limit: localLimits.pageMax });
    const own = page.filter(({ seq }) => seq >= from).toReversed();
    missed -= own.length;
    for (const { seq } of own) if (seq === last) last--;
    if (own.length < localLimits.pageMax) break;
    before = own.at(-1)!.seq;
  }
  if (missed === 0) return { entry: null, missed: 0 };
  const at = rooms.all.get(conversation)?.last?.at ?? world.clock.wall();
  const nobody = { sender: '' as UserName, device: 0 as DeviceId, clientId: 0 as ClientId };
  const content = keepGap({ from, to, missed });
  const entry = { conversation, seq: last as Seq, at, ...nobody, content };
  return { entry, change: null, text: null, unread: false, missed };
}
