import { Problem } from '../../problem.ts';
import type { UserName } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import { findUser } from '../account.ts';
import type { ClientSession, SessionHandlers } from '../contract.ts';
import { nameOf } from './asking.ts';
import type { Messenger, Presence } from './contract.ts';
import type { Core } from './core.ts';
import type { IdentityKeeper } from './identity.ts';

/** Who there is, and who is there. */
export interface People extends Pick<Messenger, 'findUser' | 'watch' | 'presence'> {
  readonly handlers: Required<Pick<SessionHandlers, 'presence'>>;
  /** A new session is to hear of the watched. */
  begin(session: ClientSession): void;
  /** Nothing is known any more until it is told anew. */
  forget(): void;
}

export function createPeople(core: Pick<Core, 'session' | 'emit'>, identity: IdentityKeeper): People {
  let watched: readonly UserName[] = [];
  /** By the name in lower case, for that is how names are told apart. */
  const known = new Map<string, Presence>();

  return {
    async findUser(name) {
      const outcome = await identity.asking((transport, token) => findUser(transport, { name, token }));
      if (outcome.kind === 'ok') return { kind: 'ok', value: outcome.value.name };
      return outcome.kind === 'refused' && outcome.code === 'unknownUser' ? { kind: 'ok', value: null } : outcome;
    },
    watch(users) {
      if (users.length > limits.presenceWatchMax) {
        throw new Problem(
          `At most ${limits.presenceWatchMax} users can be watched, not ${users.length}; watch those that are shown.`,
        );
      }
      watched = users.map(nameOf);
      const keys = new Set(watched.map((name) => name.toLowerCase()));
      for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
      core.session()?.watch(watched);
    },
    presence: (user) => known.get(user.toLowerCase()) ?? null,
    handlers: {
      presence(presence) {
        known.set(presence.user.toLowerCase(), presence);
        core.emit('presence', presence);
      },
    },
    begin: (session) => session.watch(watched),
    forget: () => known.clear(),
  };
}
