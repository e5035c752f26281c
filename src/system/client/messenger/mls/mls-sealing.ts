import type { ConversationFrame, MessageEntry } from '../../../protocol/frames.ts';
import type { ConversationId, Seq } from '../../../protocol/ids.ts';
import type { Encryption, Group, Member } from '../../encryption/index.ts';
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
} from '../sealing.ts';
import { createAccepting } from './accepting.ts';
import { createChanging } from './changing.ts';
import { createFollowing } from './following.ts';
import { includes, type Ledger, ledgerOf, strangersIn, withDevice } from './ledger.ts';
import { createServers, Later } from './servers.ts';
import { createStates } from './states.ts';
import { createStock } from './stock.ts';
import { newTurn, type Turn } from './turn.ts';
import { createVerified } from './verified.ts';

/** End-to-end encryption of all conversations, by MLS or what stands in for it. Nothing is ever sent in the clear. */
export function createMlsSealing(encryption: Encryption): (context: SealingContext) => Sealing {
  return (context) => compose(encryption, context);
}

// ---

const beforeJoining = 'Written before this device joined the conversation.';

function compose(encryption: Encryption, context: SealingContext): Sealing {
  const { log } = context;
  /** Conversations without keys whose entries, still to come, may bring them. */
  const awaited = new Set<ConversationId>();
  const servers = createServers(context);
  const states = createStates(encryption, context.keys);
  const stock = createStock(encryption, context, servers);
  const verified = createVerified({ encryption, context, states });
  const changing = createChanging({ encryption, context, states, stock, servers });
  const following = createFollowing({
    encryption,
    log,
    states,
    stock,
    servers,
    verified,
    me: () => context.me().user,
    room: context.room,
  });
  const accept = createAccepting({ encryption, context, states, verified, end: following.end });

  return {
    name: encryption.name,
    contentBytesMax: encryption.plaintextBytesMax,
    async load() {
      await states.load();
      await verified.load();
    },
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
      await look(frame.conversation, frame.after);
      return turn;
    },
    passed: look,
    signedIn: stock.begin,
    turned(to) {
      servers.turned(to !== 'off');
      // At once, for whoever sees this device online may want to write to it.
      if (to !== 'off') stock.online();
      if (to !== 'online') return;
      for (const conversation of awaited) context.rekey(conversation);
      awaited.clear();
    },
    isEncrypted: states.isEncrypted,
    trust: verified,
  };

  // --- sealing

  async function seal({ clientId, asked }: ToSeal): Promise<Sealed> {
    if ('conversation' in asked && asked.op !== 'leave' && awaited.has(asked.conversation)) return { kind: 'later' };
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

  async function read(entry: MessageEntry): Promise<Opened> {
    const { conversation, epoch, payload } = entry;
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
    const wrong = await wrongSender(turn, entry, decrypted.sender);
    if (wrong !== null) return unreadable(wrong);
    const content = textOf(decrypted.plaintext);
    return content === null ? unreadable('It is no text.') : { kind: 'content', content, ...turn };
  }

  async function wrongSender(turn: Turn, entry: MessageEntry, by: Member): Promise<string | null> {
    const { conversation, sender, device } = entry;
    if (by.identity.user !== sender) return `It is said to be by ${sender}, but ${by.identity.user} wrote it.`;
    const ledger = (await states.ledger(conversation))!;
    const known = withDevice(ledger, device, by);
    if (known === null) return `It is said to be from another device of ${sender} than it was written on.`;
    if (known !== ledger) states.putLedger(turn, conversation, known);
    return null;
  }

  async function announce(turn: Turn, frame: ConversationFrame): Promise<void> {
    const { conversation, epoch } = frame;
    const ledger = await states.ledger(conversation);
    const isIn = includes(frame.members, context.me().user);
    if (ledger?.tentative && isIn) return settleTentative(turn, frame, ledger);
    // With keys, what counts is what led to them, entry by entry.
    const isFollowed = (await states.group(conversation)) !== null;
    if (!isFollowed && isIn && epoch > 0) {
      states.putLedger(turn, conversation, { ...ledgerOf(frame), devices: ledger?.devices ?? {} });
    }
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
}

const staleCodes: ReadonlySet<string> = new Set(['staleEpoch', 'unknownBundle', 'keysNeeded']);

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
