import type { Log } from '../../../ports.ts';
import type { MembershipEntry } from '../../../protocol/frames.ts';
import { type Applied, type Encryption, EncryptionProblem, type Group, type Joined } from '../../encryption/index.ts';
import type { Opened, SealingContext } from '../sealing.ts';
import { includes, type Ledger, ledgerAfter, newLedger, ruleAt, usersOf } from './ledger.ts';
import type { Servers } from './servers.ts';
import type { States } from './states.ts';
import type { Stock } from './stock.ts';
import { newTurn, type Turn } from './turn.ts';
import type { Verified } from './verified.ts';

interface Parts {
  readonly encryption: Encryption;
  readonly log: Log;
  readonly states: States;
  readonly stock: Stock;
  readonly servers: Servers;
  readonly verified: Pick<Verified, 'observe'>;
  me(): string;
  readonly room: SealingContext['room'];
}

/** What became of the keys: `doubt` says why this device could not follow them. */
interface Followed {
  readonly group: Joined | Extract<Applied, { kind: 'applied' }> | null;
  readonly doubt: string | null;
}

/** Takes in changes of members and keys made by others. Rejects with `Later` only. */
export function createFollowing({ encryption, log, states, stock, servers, verified, me, room }: Parts) {
  return { follow, end };

  async function follow(entry: MembershipEntry): Promise<Opened> {
    const { conversation, keys } = entry;
    const turn = newTurn();
    const kept = await states.ledger(conversation);
    const before = kept?.tentative && keys !== undefined ? null : kept;
    if (isEnd(entry)) {
      await end(turn, entry);
      return { kind: 'nothing', ...turn };
    }
    if (before === null && keys === undefined) return { kind: 'nothing', ...turn };
    const ledger = ledgerAfter(before ?? firstLedger(entry), entry);
    // First what may have to wait for the servers: then all of it is taken in, or nothing.
    const doubt =
      keys === undefined ? null : await followKeys(turn, entry, { before: before ?? ledger, isNew: before === null });
    states.putLedger(turn, conversation, ledger);
    return { kind: 'nothing', ...(doubt !== null && { doubt }), ...turn };
  }

  /** One is a member no more. */
  async function end(turn: Turn, { conversation, seq }: Pick<MembershipEntry, 'conversation' | 'seq'>): Promise<void> {
    await states.dropGroup(turn, conversation);
    const ledger = await states.ledger(conversation);
    if (ledger) states.putLedger(turn, conversation, { ...ledger, members: [], left: [], tentative: false, asOf: seq });
  }

  function isEnd({ change, users }: MembershipEntry): boolean {
    return change === 'ended' || ((change === 'removed' || change === 'left') && includes(users, me()));
  }

  async function followKeys(
    turn: Turn,
    entry: MembershipEntry,
    { before, isNew }: { readonly before: Ledger; readonly isNew: boolean },
  ): Promise<string | null> {
    const { conversation } = entry;
    const group = await states.group(conversation);
    // Who has keys that are certain cannot be invited: somebody wants to put others in their place.
    const invited = (isNew || group === null) && mayWelcome(entry);
    if (!invited && group === null) return null;
    const { group: step, doubt } = invited ? await join(turn, entry) : await apply(entry, group!, before);
    if (group !== null && (invited || step === null)) await states.dropGroup(turn, conversation);
    if (step !== null) {
      states.putGroup(turn, conversation, step);
      verified.observe(turn, encryption.members(step.group));
    }
    if (doubt !== null) log.write('warn', 'The keys of a conversation could not be followed.', { conversation, doubt });
    return doubt;
  }

  /** Whether this change may have brought a welcome for this device. */
  function mayWelcome({ change, users, keys }: MembershipEntry): boolean {
    if (change === 'rekeyed') return keys!.epoch === 1;
    return change === 'created' || (change === 'added' && includes(users, me()));
  }

  async function join(turn: Turn, { keys, sender }: MembershipEntry): Promise<Followed> {
    // Nobody can have added a device that comes for the first time.
    if (keys!.bundle === null || (await stock.isEmpty())) return nothing;
    const parts = await servers.bundle(keys!.bundle);
    if (parts?.welcome == null) return nothing;
    try {
      const joined = await encryption.join(await stock.device(), parts.welcome, stock.privatePart);
      await stock.used(turn, joined.usedKeyPackage);
      const wrong = wrongWelcome(joined.group, { epoch: keys!.epoch, sender });
      if (wrong === null) return { group: joined, doubt: null };
      turn.spend({ wipe: () => encryption.discard(joined.group) });
      return { group: null, doubt: wrong };
    } catch (error) {
      if (!(error instanceof EncryptionProblem)) throw error;
      return { group: null, doubt: error.reason === 'notForUs' ? null : error.message };
    }
  }

  function wrongWelcome(group: Group, { epoch, sender }: { epoch: number; sender: string }): string | null {
    if (group.epoch !== epoch) return `The welcome is to epoch ${group.epoch}, not ${epoch}.`;
    if (!usersOf(encryption.members(group)).has(sender)) return `${sender} is not in the group of the welcome.`;
    return null;
  }

  async function apply(entry: MembershipEntry, group: Group, before: Ledger): Promise<Followed> {
    const { keys } = entry;
    const commit = keys!.commit ?? (keys!.bundle === null ? null : (await servers.bundle(keys!.bundle))?.commit);
    if (commit == null) return { group: null, doubt: 'The new keys are not to be had any more.' };
    const rule = ruleAt(before, encryption.members(group), entry);
    const applied = await encryption.apply(group, commit, rule);
    if (applied.kind === 'rejected') return { group: null, doubt: applied.detail };
    // Another device has taken this one's place; it comes in anew.
    if (applied.kind === 'removed') return nothing;
    const wrong = wrongCommit(entry, applied, { left: rule.left, after: encryption.members(applied.group) });
    if (wrong === null) return { group: applied, doubt: null };
    encryption.discard(applied.group);
    return { group: null, doubt: wrong };
  }

  /** The server's words and the commit must say the same of who came and went, and by whom. */
  function wrongCommit(
    { change, users, keys, sender }: MembershipEntry,
    { group, by, added, removed }: Extract<Applied, { kind: 'applied' }>,
    { left, after }: { left: ReadonlySet<string>; after: ReturnType<Encryption['members']> },
  ): string | null {
    const { user } = by.identity;
    if (user !== sender) return `${sender} is said to have made the keys of ${user}.`;
    if (group.epoch !== keys!.epoch) return `The keys are of epoch ${group.epoch}, not ${keys!.epoch}.`;
    const named = (who: string) => includes(users, who);
    const came = [...usersOf(added)].find((who) => who !== user && !(change === 'added' && named(who)));
    if (came !== undefined) return `The keys let in ${came}, of whom nobody was told.`;
    const went = [...usersOf(removed)].find(
      (who) => who !== user && !left.has(who) && !(change !== 'rekeyed' && named(who)),
    );
    if (went !== undefined) return `The keys shut out ${went}, of whom nobody was told.`;
    const stayed = change === 'removed' ? [...usersOf(after)].find(named) : undefined;
    return stayed === undefined ? null : `The keys leave ${stayed} in, who was removed.`;
  }

  /** Keys come to a conversation that had none, or that was never announced. */
  function firstLedger({ conversation, change, keys, users, admin, seq }: MembershipEntry): Ledger {
    const members = change === 'created' ? users : room(conversation).members;
    return newLedger({ bundle: keys!.bundle, members, admin, asOf: seq, tentative: false });
  }
}

// ---

const nothing: Followed = { group: null, doubt: null };
