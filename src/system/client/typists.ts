import type { Cancel, Clock } from '../ports.ts';
import type { TypingFrame } from '../protocol/frames.ts';
import type { ConversationId, UserName } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';

/** Others who type, as far as is known; of more than this the rest are not shown. */
const typistsMax = 256;

type Tell = (typing: { conversation: ConversationId; user: UserName; active: boolean }) => void;

/** Who is typing. What nobody repeats ends by itself. */
export class Typists {
  private readonly clock: Clock;
  private readonly tell: Tell;
  private readonly active = new Map<string, { readonly frame: TypingFrame; readonly cancel: Cancel }>();

  constructor(clock: Clock, tell: Tell) {
    this.clock = clock;
    this.tell = tell;
  }

  began(frame: TypingFrame): void {
    const { conversation, user } = frame;
    const key = keyOf(conversation, user);
    const before = this.active.get(key);
    if (!before && this.active.size >= typistsMax) return;
    before?.cancel();
    const cancel = this.clock.after(limits.typingLifeMs, () => this.ended(conversation, user));
    this.active.set(key, { frame, cancel });
    if (!before) this.tell({ conversation, user, active: true });
  }

  ended(conversation: ConversationId, user: UserName): void {
    if (this.active.size === 0) return;
    const key = keyOf(conversation, user);
    const typist = this.active.get(key);
    if (!typist) return;
    typist.cancel();
    this.active.delete(key);
    this.tell({ conversation, user, active: false });
  }

  clear(): void {
    for (const { frame } of [...this.active.values()]) this.ended(frame.conversation, frame.user);
  }
}

function keyOf(conversation: ConversationId, user: UserName): string {
  return `${conversation} ${user}`;
}
