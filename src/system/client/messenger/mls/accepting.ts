import type { ConversationId, Seq } from '../../../protocol/ids.ts';
import type { Encryption, Group, Step } from '../../encryption/index.ts';
import type { AskedFor } from '../asked.ts';
import { isSameName } from '../rooms.ts';
import type { SealingContext, WasSealed } from '../sealing.ts';
import { type Ledger, ledgerAfter, type MembershipNews, newLedger } from './ledger.ts';
import type { States } from './states.ts';
import type { Turn } from './turn.ts';
import type { Verified } from './verified.ts';

type Place = { readonly conversation: ConversationId; readonly seq: Seq };
type Creation = Extract<AskedFor, { op: 'openDirect' | 'createGroup' }>;

interface Parts {
  readonly encryption: Encryption;
  readonly context: SealingContext;
  readonly states: States;
  readonly verified: Pick<Verified, 'observe'>;
  /** One is a member no more. */
  end(turn: Turn, place: Place): Promise<void>;
}

/** An operation of this device has taken its place: the keys that were made for it hold. */
export function createAccepting({ encryption, context, states, verified, end }: Parts) {
  return accept;

  async function accept(turn: Turn, { clientId, asked, wire }: WasSealed, place: Place): Promise<void> {
    const { conversation, seq } = place;
    switch (asked.op) {
      case 'send':
        return;
      case 'leave':
        return end(turn, place);
      case 'openDirect':
      case 'createGroup':
        return acceptMade(turn, { clientId, asked, wire }, place);
      default: {
        const ledger = (await states.ledger(conversation)) ?? unkeyed(place);
        const { epoch, bundle = null } = wire.change!;
        const news = { ...newsOf(asked, ledger), seq, keys: { epoch: epoch + 1, bundle } };
        states.putLedger(turn, conversation, ledgerAfter(ledger, news));
        const made = await states.takeMade(turn, clientId);
        if (made) return adopt(turn, conversation, made);
        const group = await states.group(conversation);
        // Without it, what came before was not to be trusted: this device comes in anew.
        if (group?.pending?.epoch === epoch) putGroup(turn, conversation, encryption.confirm(group));
      }
    }
  }

  async function acceptMade(
    turn: Turn,
    { clientId, asked, wire }: WasSealed & { readonly asked: Creation },
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
    putGroup(turn, conversation, { group: made, wipe: () => {} });
  }

  function putGroup(turn: Turn, conversation: ConversationId, step: Step): void {
    states.putGroup(turn, conversation, step);
    verified.observe(turn, encryption.members(step.group));
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
}

// ---

/** One's own keys are in force, or were followed by others. */
function mayBeOurs({ epoch, bundle }: Ledger, own: Ledger['bundle']): boolean {
  return epoch > 1 || (epoch === 1 && bundle === own);
}
