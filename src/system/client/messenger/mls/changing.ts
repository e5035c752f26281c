import type { ClientId, ConversationId, UserName } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import type { NewKeys } from '../../contract.ts';
import {
  type Changed,
  type ClaimedKeyPackage,
  type Encryption,
  EncryptionProblem,
  type Group,
  type Member,
} from '../../encryption/index.ts';
import type { AskedFor } from '../asked.ts';
import { isSameName } from '../rooms.ts';
import { type Sealed, type SealingContext, type ToSeal, Unsealable } from '../sealing.ts';
import { includes, type Ledger, strangersIn } from './ledger.ts';
import type { Servers } from './servers.ts';
import type { States } from './states.ts';
import type { Stock } from './stock.ts';
import { newTurn } from './turn.ts';

interface Parts {
  readonly encryption: Encryption;
  readonly context: SealingContext;
  readonly states: States;
  readonly stock: Stock;
  readonly servers: Servers;
}

type Op<T extends AskedFor['op']> = Extract<AskedFor, { op: T }>;

/** New keys for an operation that is about to be sent. Rejects with `Unsealable`, `Later` or what the encryption throws. */
export function createChanging({ encryption, context, states, stock, servers }: Parts) {
  const isMe = (user: UserName): boolean => isSameName(user, context.me().user);

  return { create, changeMembers, rekey };

  /** The first keys of a conversation; they count once the servers have taken them. */
  async function create(operation: ClientId, users: readonly UserName[]): Promise<Sealed> {
    const { user } = context.me();
    const claimed = await claim([user, ...users.filter((each) => !isMe(each))]);
    return made(operation, await encryption.create(await stock.device(), claimed));
  }

  /** The group must be ready. */
  async function changeMembers(
    { op, conversation, users }: Op<'invite' | 'remove'>,
    { ledger, group }: { readonly ledger: Ledger; readonly group: Group },
  ): Promise<Sealed> {
    const there = op === 'invite' ? users.find((user) => includes(ledger.members, user)) : undefined;
    if (there !== undefined) throw new Unsealable(`${there} is a member already.`, 'alreadyMember');
    if (op === 'remove' && users.some(isMe))
      throw new Unsealable('Nobody can remove oneself; leave the group instead.');
    const wanted = op === 'invite' ? { add: await claim(users) } : { remove: inGroup(group, users) };
    return pending(conversation, await encryption.change(group, wanted), { ledger, users });
  }

  /** What the keys of a conversation need, if anything. */
  async function rekey({ clientId, asked }: ToSeal & { readonly asked: Op<'rekey'> }): Promise<Sealed> {
    const { conversation } = asked;
    const ledger = await states.ledger(conversation);
    if (ledger?.tentative) return { kind: 'later' };
    const members = ledger?.members ?? context.room(conversation).members;
    if (!includes(members, context.me().user)) return { kind: 'moot' };
    if (ledger === null) return create(clientId, members);
    const group = await states.group(conversation);
    if (group === null || group.epoch !== ledger.epoch) return comeIn(clientId, ledger);
    const strangers = strangersIn(ledger, encryption.members(group));
    if (ledger.sealed === 0 && strangers.length === 0) return { kind: 'moot' };
    const changed = await encryption.change(group, { remove: strangers.map((user) => ({ user })) });
    return pending(conversation, changed, { ledger, users: [] });
  }

  async function comeIn(operation: ClientId, ledger: Ledger): Promise<Sealed> {
    const { bundle, epoch } = ledger;
    const parts = bundle === null ? null : await servers.bundle(bundle);
    if (parts === null) {
      throw new Unsealable('The keys of this conversation are not to be had: another member must change them first.');
    }
    const came = await encryption.joinExternally(await stock.device(), parts.groupInfo);
    if (came.change.epoch !== epoch) {
      throw new Unsealable(`The keys on offer are of epoch ${came.change.epoch}, not ${epoch}.`);
    }
    return made(operation, came, ledger);
  }

  async function made(operation: ClientId, changed: Changed, ledger?: Ledger): Promise<Sealed> {
    const turn = newTurn();
    const change = await publish(changed, { ledger, users: [] });
    states.putMade(turn, operation, changed);
    return { kind: 'sealed', wire: { change }, ...turn };
  }

  async function pending(
    conversation: ConversationId,
    changed: Changed,
    known: { readonly ledger: Ledger; readonly users: readonly UserName[] },
  ): Promise<Sealed> {
    const turn = newTurn();
    const change = await publish(changed, known);
    states.putGroup(turn, conversation, changed);
    return { kind: 'sealed', wire: { change }, ...turn };
  }

  /** A commit that is too long for a frame goes into the bundle. */
  async function publish(
    { change }: Changed,
    { ledger, users }: { readonly ledger: Ledger | undefined; readonly users: readonly UserName[] },
  ): Promise<NewKeys> {
    const { epoch, commit, welcome, groupInfo } = change;
    const chars = users.reduce((sum, name) => sum + name.length, commit?.length ?? 0);
    const fits = chars <= limits.payloadCharsMax;
    const bundle = await servers.putBundle({
      groupInfo,
      ...(welcome !== null && { welcome }),
      ...(commit !== null && !fits && { commit }),
    });
    const sealed = ledger?.sealed ?? 0;
    return {
      epoch,
      bundle,
      ...(sealed > 0 && { sealed: ledger!.sealed }),
      ...(commit !== null && fits && { commit }),
    };
  }

  /** A key package of each device of these users but this one; devices without one come in by themselves later. */
  async function claim(users: readonly UserName[]): Promise<readonly ClaimedKeyPackage[]> {
    const claimed = new Map<string, ClaimedKeyPackage>();
    for (const name of users) {
      for (const { keyPackage } of await servers.claim(name)) {
        const member = await speaker(name, keyPackage);
        if (member !== null) claimed.set(idOf(member), { user: member.identity.user, keyPackage });
      }
    }
    const { user, device } = context.me();
    claimed.delete(JSON.stringify([user, device]));
    return [...claimed.values()];
  }

  /** A key package that is of no use, or that speaks for somebody else, keeps nobody else out. */
  async function speaker(name: UserName, keyPackage: string): Promise<Member | null> {
    try {
      const { member } = await encryption.readKeyPackage(keyPackage);
      if (isSameName(member.identity.user as UserName, name)) return member;
      context.log.write('warn', 'A key package speaks for somebody else.', { name, for: member.identity.user });
    } catch (error) {
      if (!(error instanceof EncryptionProblem)) throw error;
      context.log.write('warn', 'A key package is of no use.', { name, reason: error.message });
    }
    return null;
  }

  function inGroup(group: Group, users: readonly UserName[]): { readonly user: string }[] {
    const present = new Set(encryption.members(group).map(({ identity }) => identity.user));
    return [...present].filter((user) => includes(users, user)).map((user) => ({ user }));
  }
}

// ---

function idOf({ identity }: Member): string {
  return JSON.stringify([identity.user, identity.device]);
}
