import type { ConversationId } from '../../../system/index.ts';
import { imagePayload } from '../image-payload.ts';
import type { Act, Cast } from './act.ts';

/** Users upload images when they are due, and say so in a message when they are there; now and then a stranger tries to read one. */
export function sharingImages(cast: Cast): Act {
  const { trace, users, isMine, beliefs, sharing, seconds, totals, fromMs } = cast;
  const { images } = trace;
  const mine = Array.from({ length: images.count }, (_, i) => i).filter((i) => isMine(images.sender[i]!));
  return {
    atMs: Float64Array.from(mine, (i) => images.atMs[i]!),
    perform(index) {
      const image = mine[index]!;
      const sender = images.sender[image]!;
      const to = beliefs.idOf(images.conversation[image]!);
      if (!beliefs.members.isMember(sender, to)) return;
      void share(image, sender, to);
    },
  };

  async function share(image: number, sender: number, to: ConversationId): Promise<void> {
    const reference = await sharing.upload(image, to, fromMs + images.atMs[image]!);
    if (reference === null) return;
    totals.offered++;
    seconds.add('offered', cast.now());
    cast.sessionOf(sender)?.send(to, imagePayload({ image, reference }));
    const stranger = images.tempting[image] === 1 ? strangerTo(images.conversation[image]!, image) : undefined;
    if (stranger !== undefined) sharing.tempt(stranger, { image, reference, to });
  }

  /** Some user of this crowd who is no member of the conversation. */
  function strangerTo(conversation: number, from: number): number | undefined {
    const { members, memberFrom } = trace.conversations;
    const own = new Set(members.subarray(memberFrom[conversation], memberFrom[conversation + 1]));
    const turned = [...users.subarray(from % users.length), ...users.subarray(0, from % users.length)];
    return turned.find((user) => !own.has(user));
  }
}
