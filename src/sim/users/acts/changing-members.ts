import type { UserName } from '../../../system/index.ts';
import { userNameOf } from '../names.ts';
import { changeKinds } from '../trace/turnover.ts';
import type { Act, Cast } from './act.ts';

/** Admins invite and remove, others leave; who believes that they are not a member (any more) does nothing. */
export function changingMembers({ trace, tag, isMine, sessionOf, beliefs }: Cast): Act {
  const { turnover, conversations } = trace;
  const adminOf = (conversation: number): number => conversations.members[conversations.memberFrom[conversation]!]!;
  const doerOf = (i: number): number =>
    changeKinds[turnover.kind[i]!] === 'leave' ? turnover.user[i]! : adminOf(turnover.conversation[i]!);
  const mine = Array.from({ length: turnover.count }, (_, i) => i).filter((i) => isMine(doerOf(i)));

  return {
    atMs: Float64Array.from(mine, (i) => turnover.atMs[i]!),
    perform(index) {
      const i = mine[index]!;
      const session = sessionOf(doerOf(i));
      const group = beliefs.idOf(turnover.conversation[i]!);
      if (!session || !beliefs.members.isMember(doerOf(i), group)) return;
      const name = userNameOf(tag, turnover.user[i]!) as UserName;
      switch (changeKinds[turnover.kind[i]!]!) {
        case 'invite':
          session.invite(group, [name]);
          break;
        case 'remove':
          session.remove(group, [name]);
          break;
        case 'leave':
          session.leave(group);
          break;
      }
    },
  };
}
