import type { ConversationId } from '../../protocol/ids.ts';
import type { MessengerWorld } from './contract.ts';
import type { Core, Lane } from './core.ts';
import { write } from './core.ts';
import type { IdentityKeeper } from './identity.ts';
import type { Journal } from './journal.ts';
import type { Lanes } from './lanes.ts';
import type { Rooms } from './rooms.ts';
import { isSameName } from './rooms.ts';
import type { SealingContext } from './sealing.ts';

interface Parts {
  readonly world: MessengerWorld;
  readonly identity: IdentityKeeper;
  readonly journal: Journal;
  readonly lanes: Lanes<Lane>;
  readonly rooms: Rooms;
  rekey(conversation: ConversationId): void;
  readonly emit: Core['emit'];
}

/** What a sealing may use of its messenger. */
export function contextOf({ world, identity, journal, lanes, rooms, rekey, emit }: Parts): SealingContext {
  const { clock, random, log, transportTo } = world;
  const me = (): ReturnType<SealingContext['me']> => {
    const { name, deviceLabel } = identity.account!;
    return { user: name, device: deviceLabel };
  };

  return {
    keys: journal,
    clock,
    random,
    log,
    me,
    servers() {
      const account = identity.account;
      if (account?.token == null) return null;
      return { transport: transportTo(account.origin), token: account.token };
    },
    room(id) {
      const { members = [], admin = null } = rooms.all.get(id)?.conversation ?? {};
      return { members, admin };
    },
    hasDirect: (user) =>
      [...rooms.all.values()].some(({ conversation: { kind, members } }) => {
        if (kind !== 'direct' || members.length === 0) return false;
        const others = members.filter((member) => !isSameName(member, me().user));
        return isSameName(others[0] ?? me().user, user);
      }),
    rekey,
    run: (work) => lanes.run('keys', work),
    write: (step) => write(journal, [], step),
    verified: (verification) => emit('verification', verification),
  };
}
