import { sendsOf } from '../trace/sends.ts';
import type { Act, Cast } from './act.ts';

/** Users write what the trace says, whatever happens. Who has not been told that they are a member withholds it: nobody could. */
export function sending(cast: Cast): Act {
  const { trace, beliefs, payloads, seconds, totals, fromMs } = cast;
  const { sender, conversation, bytes } = trace.sends;
  const { index: numbers, atMs } = sendsOf(trace.sends, cast.isMine);
  return {
    atMs,
    perform(index, lateMs) {
      const number = numbers[index]!;
      const intendedMs = fromMs + atMs[index]!;
      const to = beliefs.idOf(conversation[number]!);
      totals.offered++;
      seconds.sentLate(intendedMs, lateMs);
      if (!beliefs.members.isMember(sender[number]!, to)) {
        totals.withheld++;
        return;
      }
      const payload = payloads.make({ index: number, intendedMs, actualMs: intendedMs + lateMs }, bytes[number]!);
      cast.sessionOf(sender[number]!)?.send(to, payload);
    },
  };
}
