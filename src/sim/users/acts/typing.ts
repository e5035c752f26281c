import { sendsOf } from '../trace/sends.ts';
import type { Act, Cast } from './act.ts';

/** Users type for a while before they send; who believes that they are no member does not. */
export function typing({ trace, isMine, beliefs, sessionOf }: Cast): Act {
  const { typingMs } = trace;
  const { sender, conversation } = trace.sends;
  const { index: numbers, atMs } = sendsOf(trace.sends, isMine);
  return {
    atMs: typingMs === 0 ? new Float64Array() : atMs.map((sendMs) => Math.max(0, sendMs - typingMs)),
    perform(index) {
      const number = numbers[index]!;
      const where = beliefs.idOf(conversation[number]!);
      if (beliefs.members.isMember(sender[number]!, where)) sessionOf(sender[number]!)?.typing(where);
    },
  };
}
