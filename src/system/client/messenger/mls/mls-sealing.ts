import type { ConversationFrame, MessageEntry } from '../../../protocol/frames.ts';
import type { ConversationId, Seq, UserName } from '../../../protocol/ids.ts';
import type { Encryption, Group } from '../../encryption/index.ts';
import type { AskedFor } from '../asked.ts';
import { isSameName } from '../rooms.ts';
import {
  type Opened,
  type Sealed,
  type Sealing,
  type SealingContext,
  type ToSeal,
  textOf,
  Unsealable,
  type WasSealed,
} from '../sealing.ts';
import { createChanging } from './changing.ts';
import { createFollowing } from './following.ts';
import { includes, type Ledger, ledgerAfter, ledgerOf, type MembershipNews, newLedger, strangersIn } from './ledger.ts';
import { createServers, Later } from './servers.ts';
import { createStates } from './states.ts';
import { createStock } from './stock.ts';
import { newTurn, type Turn } from './turn.ts';

/** End-to-end encryption of all conversations, by MLS or what stands in for it. Nothing is ever sent in the clear. */
export function createMlsSealing(encryption: Encryption): (context: SealingContext) => Sealing {
  return (context) => compose(encryption, context);
}

// ---

const beforeJoining = 'Written before this device joined the conversation.';

type Place = { readonly conversation: ConversationId; readonly seq: Seq };

function compose(encryption: Encryption, context: SealingContext): Sealing {
  const { log } = context;
  /** Conversations without keys whose entries, still to come, may bring them. */
  const awaited = new Set<ConversationId>();
  const servers = createServers(context);
  const states = createStates(encryption, context.keys);
  const stock = createStock(encryption, context, servers);
  const changing = createChanging({ encryption, context, states, stock, servers });
  const following = createFollowing({
    encryption,
    log,
    states,
    stock,
    servers,
    me: () => context.me().user,
    room: context.room,
  });

  return {
    name: encryption.name,
    contentBytesMax: encryption.plaintextBytesMax,
    load: states.load,
    seal: (operation) => orLater(() => seal(operation)),
    open: (entry) =>
      orLater(async () => {
        const opened = entry.type === 'message' ? await read(entry) : await following.follow(entry);
        await look(entry.conversation, entry.seq);
        return opened;
      }),
    async accepted(operation, place) {
      const turn = newTurn();
      await accept(turn, operation, place);
      await look(place.conversation, place.seq);
      return turn;
    },
    async refused({ clientId, asked }, code) {
      const turn = newTurn();
      const made = await states.takeMade(turn, clientId);
      if (made) turn.spend({ wipe: () => encryption.discard(made) });
      return { again: asked.op !== 'leave' && staleCodes.has(code), ...turn };
    },
    async announced(frame) {
      const turn = newTurn();
      await announce(turn, frame);
      await look(frame.conversation, frame.lastSeq);
      return turn;
    },
    turned(to) {
      servers.turned(to !== 'off');
      if (to !== 'online') return;
      context.run(stock.tend);
      for (const conversation of awaited) context.rekey(conversation);
      awaited.clear();
    },
    isEncrypted: states.isEncrypted,
    safetyCode,
  };

  // --- sealing

  async function seal({ clientId, asked }: ToSeal): Promise<Sealed> {
    switch (asked.op) {
      case 'openDirect':
        // One that is there needs no keys; should it be gone after all, its first message makes them.
        if (context.hasDirect(asked.with)) return { kind: 'sealed', wire: {}, keys: new Map() };
        return changing.create(clientId, [asked.with]);
      case 'createGroup':
        return changing.create(clientId, asked.users);
      case 'leave':
        return { kind: 'sealed', wire: {}, keys: new Map() };
      case 'rekey':
        return changing.rekey({ clientId, asked });
      default:
        return inGroup(asked);
    }
  }

  async function inGroup(asked: Extract<AskedFor, { op: 'send' | 'invite' | 'remove' }>): Promise<Sealed> {
    const { conversation } = asked;
    const ledger = await states.ledger(conversation);
    if (!includes(ledger?.members ?? context.room(conversation).members, context.me().user)) {
      throw new Unsealable('You are not a member of this conversation.', 'notMember');
    }
    if (ledger?.tentative) return { kind: 'later' };
    const group = await states.group(conversation);
    if (ledger === null || group === null || !isReady(ledger, group)) return { kind: 'rekeyFirst' };
    if (asked.op !== 'send') return changing.changeMembers(asked, { ledger, group });
    const turn = newTurn();
    const encrypted = await encryption.encrypt(group, new TextEncoder().encode(asked.content));
    states.putGroup(turn, conversation, encrypted);
    return { kind: 'sealed', wire: { payload: encrypted.payload, epoch: group.epoch }, ...turn };
  }

  function isReady(ledger: Ledger, group: Group): boolean {
    if (group.epoch !== ledger.epoch || ledger.sealed > 0) return false;
    return strangersIn(ledger, encryption.members(group)).length === 0;
  }

  // --- entries

  async function read({ conversation, epoch, payload, sender }: MessageEntry): Promise<Opened> {
    const turn = newTurn();
    const unreadable = (reason: string): Opened => ({ kind: 'unreadable', reason, ...turn });
    if (epoch === 0) return unreadable('Sent without encryption: anybody could have written it.');
    const group = await states.group(conversation);
    if (group === null) return unreadable(beforeJoining);
    const decrypted = await encryption.decrypt(group, payload);
    if (decrypted.kind === 'unreadable') {
      return unreadable(decrypted.reason === 'pastEpoch' ? beforeJoining : `It is not readable. ${decrypted.detail}`);
    }
    states.putGroup(turn, conversation, decrypted);
    const { user } = decrypted.sender.identity;
    if (user !== sender) return unreadable(`It is said to be by ${sender}, but ${user} wrote it.`);
    const content = textOf(decrypted.plaintext);
    return content === null ? unreadable('It is no text.') : { kind: 'content', content, ...turn };
  }

  async function announce(turn: Turn, frame: ConversationFrame): Promise<void> {
    const { conversation, epoch } = frame;
    const ledger = await states.ledger(conversation);
    const isIn = includes(frame.members, context.me().user);
    if (ledger?.tentative && isIn) return settleTentative(turn, frame, ledger);
    const isKnown = ledger !== null && includes(ledger.members, context.me().user);
    if (!isKnown && isIn && epoch > 0) states.putLedger(turn, conversation, ledgerOf(frame));
  }

  /** Whose keys opened a direct conversation. When they have changed since, the entries to come will tell. */
  async function settleTentative(turn: Turn, frame: ConversationFrame, { bundle }: Ledger): Promise<void> {
    const { conversation, epoch } = frame;
    const isOurs = epoch > 1 || (epoch === 1 && frame.bundle === bundle);
    if (!isOurs) await states.dropGroup(turn, conversation);
    states.putLedger(turn, conversation, epoch === 0 ? null : ledgerOf(frame));
  }

  /** Whether this device has something to do about the keys, when all is known up to `seq`. */
  async function look(conversation: ConversationId, seq: Seq): Promise<void> {
    const ledger = await states.ledger(conversation);
    const { user } = context.me();
    if (ledger === null || ledger.tentative || !includes(ledger.members, user)) return;
    const group = await states.group(conversation);
    if (seq < ledger.asOf) {
      if (group === null) awaited.add(conversation);
      return;
    }
    awaited.delete(conversation);
    const isBehind = group === null || group.epoch !== ledger.epoch;
    const isAdmin = ledger.admin !== null && isSameName(ledger.admin, user);
    if (isBehind || (isAdmin && !isReady(ledger, group))) context.rekey(conversation);
  }

  // --- answers

  async function accept(turn: Turn, { clientId, asked, wire }: WasSealed, place: Place): Promise<void> {
    const { conversation, seq } = place;
    switch (asked.op) {
      case 'send':
        return;
      case 'leave':
        return following.end(turn, place);
      case 'openDirect':
      case 'createGroup':
        return acceptMade(turn, { clientId, asked, wire }, place);
      default: {
        const ledger = (await states.ledger(conversation)) ?? unkeyed(place);
        const { epoch, bundle = null } = wire.change!;
        const news = { ...newsOf(asked, ledger), seq, keys: { epoch: epoch + 1, bundle } };
        states.putLedger(turn, conversation, ledgerAfter(ledger, news));
        const made = await states.takeMade(turn, clientId);
        if (made) await adopt(turn, conversation, made);
        else states.putGroup(turn, conversation, encryption.confirm((await states.group(conversation))!));
      }
    }
  }

  async function acceptMade(
    turn: Turn,
    { clientId, asked, wire }: WasSealed & { readonly asked: Extract<AskedFor, { op: 'openDirect' | 'createGroup' }> },
    { conversation, seq }: Place,
  ): Promise<void> {
    const made = await states.takeMade(turn, clientId);
    if (made === null) return;
    const { user } = context.me();
    const bundle = wire.change?.bundle ?? null;
    const ledger = await states.ledger(conversation);
    const group = await states.group(conversation);
    const isOurs = asked.op === 'createGroup' || (group === null && (ledger === null || mayBeOurs(ledger, bundle)));
    if (!isOurs) return turn.spend({ wipe: () => encryption.discard(made) });
    await adopt(turn, conversation, made);
    if (ledger !== null) return;
    const others = asked.op === 'createGroup' ? asked.users : [asked.with].filter((each) => !isSameName(each, user));
    const admin = asked.op === 'createGroup' ? user : null;
    const tentative = asked.op === 'openDirect';
    states.putLedger(
      turn,
      conversation,
      newLedger({ bundle, members: [user, ...others], admin, asOf: seq, tentative }),
    );
  }

  async function adopt(turn: Turn, conversation: ConversationId, made: Group): Promise<void> {
    await states.dropGroup(turn, conversation);
    states.putGroup(turn, conversation, { group: made, wipe: () => {} });
  }

  /** A conversation without encryption, as it was before its first keys. */
  function unkeyed({ conversation, seq }: Place): Ledger {
    const room = context.room(conversation);
    return { ...newLedger({ bundle: null, ...room, asOf: seq, tentative: false }), epoch: 0 };
  }

  function newsOf(asked: AskedFor, { admin }: Ledger): Pick<MembershipNews, 'change' | 'users' | 'admin'> {
    if (asked.op === 'invite') return { change: 'added', users: asked.users, admin };
    if (asked.op === 'remove') return { change: 'removed', users: asked.users, admin };
    return { change: 'rekeyed', users: [], admin };
  }

  // --- for people

  async function safetyCode(conversation: ConversationId, user: UserName): Promise<string | null> {
    const group = await states.group(conversation);
    if (group === null) return null;
    const devicesOf = (name: string) =>
      encryption.members(group).filter(({ identity }) => isSameName(identity.user as UserName, name as UserName));
    const [own, theirs] = [devicesOf(context.me().user), devicesOf(user)];
    return own.length === 0 || theirs.length === 0 ? null : encryption.safetyCode(own, theirs);
  }
}

const staleCodes: ReadonlySet<string> = new Set(['staleEpoch', 'unknownBundle', 'keysNeeded']);

/** One's own keys are in force, or were followed by others. */
function mayBeOurs({ epoch, bundle }: Ledger, own: Ledger['bundle']): boolean {
  return epoch > 1 || (epoch === 1 && bundle === own);
}

async function orLater<T extends { readonly kind: string }>(
  work: () => Promise<T>,
): Promise<T | { readonly kind: 'later' }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Later) return { kind: 'later' };
    throw error;
  }
}
