import type { MembershipEntry } from '../protocol/frames.ts';
import type { BundleId, ConversationId, Seq, UserId, UserName } from '../protocol/ids.ts';
import {
  type ConversationState,
  creationObstacle,
  type Decision,
  decideChange,
  type GroupChange,
  isRepeat,
  keysAtCreation,
  keysOf,
  targetNames,
} from './change-rules.ts';
import { bigints, texts } from './postgres-arrays.ts';
import {
  createStatement,
  departStatement,
  directStatement,
  holdBundleStatement,
  joinStatement,
  lockStatement,
  membersStatement,
  referStatement,
  rekeyStatement,
  retireStatement,
  targetsStatement,
} from './postgres-change-statements.ts';
import { type DoneRow, doneOf, findKnown, type Known } from './postgres-done.ts';
import { type Pool, type Query, sqlState } from './postgres-pool.ts';
import { storable } from './postgres-text.ts';
import type { Change, Outcome } from './store.ts';

/** Writes changes of membership and keys, each in one transaction; one of an existing conversation holds its row. */
export function createChange(
  pool: Pool,
  { groupMembersMax }: { readonly groupMembersMax: number },
): (change: Change) => Promise<Outcome> {
  return async (change) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await perform(change);
      } catch (error) {
        // The same operation has just been committed through another server: the next attempt sees it.
        if (sqlState(error) !== uniqueViolation || attempt === attemptsMax) throw error;
      }
    }
  };

  function perform(change: Change): Promise<Outcome> {
    if (change.kind !== 'openDirect' && change.kind !== 'createGroup') {
      return pool.transaction((query) => changeGroup(query, change));
    }
    // Without a bundle to refer to, the one statement that writes is the transaction.
    if ((change.keys?.bundle ?? null) === null) return create({ read: pool.read, write: pool.write }, change);
    return pool.transaction((query) => create({ read: query, write: query }, change));
  }

  async function create({ read, write }: Pick<Pool, 'read' | 'write'>, change: CreatingChange): Promise<Outcome> {
    // Held before looking for a repetition: who waited for the bundle then sees what it went into.
    const hasBundle = await holdBundle(read, change);
    const { done, superseded, targets } = await factsOf(read, change);
    if (done) return repeat(change, done, targets);
    if (superseded) return { kind: 'superseded' };
    const obstacle = creationObstacle(change, { targets: livingIds(targets), groupMembersMax });
    if (obstacle !== null) return obstacle;
    const others = (targets as readonly Person[]).filter(({ id }) => id !== change.by.user);
    const users = [self(change), ...others];
    const made = hasBundle ? await insert(write, change, users) : null;
    if (made !== null) return made;
    const known = change.kind === 'openDirect' ? await existing(read, users) : null;
    return known ?? (hasBundle ? afterDeletion(read, change) : refused('unknownBundle'));
  }

  /** Null when this direct conversation exists, or one of the users has just been deleted. */
  async function insert(write: Query, change: CreatingChange, users: readonly Person[]): Promise<Outcome | null> {
    const ids = users.map(({ id }) => id);
    const direct = change.kind === 'openDirect';
    const admin = direct ? null : change.by;
    const { epoch, bundle } = keysAtCreation(change.keys);
    const [row] = await write<{ id: ConversationId }>(createStatement, [
      direct ? 'direct' : 'group',
      direct ? '' : storable(change.title),
      admin?.user ?? null,
      direct ? Math.min(...ids) : null,
      direct ? Math.max(...ids) : null,
      bigints(ids),
      change.by.device,
      change.clientId,
      change.at,
      epoch,
      bundle,
      change.keys?.commit ?? null,
    ]);
    if (!row) return null;
    const place = { conversation: row.id, seq: 1 as Seq };
    if (bundle !== null) await write(referStatement, [bundle, place.conversation, place.seq]);
    return accepted(change, { ...place, change: 'created', users, admin: admin?.name ?? null, epoch, bundle });
  }

  async function changeGroup(query: Query, change: GroupChange): Promise<Outcome> {
    const state = await lock(query, change.conversation);
    const { done, superseded, targets } = await factsOf(query, change);
    if (done) return repeat(change, done, targets);
    if (superseded) return { kind: 'superseded' };
    const decision = decideChange(change, { state, targets: livingIds(targets), groupMembersMax });
    if (decision.kind === 'refused') return decision;
    if (!(await holdBundle(query, change))) return refused('unknownBundle');
    const users = change.kind === 'leave' ? [self(change)] : (targets as readonly Person[]);
    return apply(query, { change, decision, users, before: state!.bundle });
  }

  /** `before` is the bundle of the conversation until now. */
  async function apply(
    query: Query,
    {
      change,
      decision,
      users,
      before,
    }: { change: GroupChange; decision: Apply; users: readonly Person[]; before: BundleId | null },
  ): Promise<Outcome> {
    const { conversation, by, clientId, at } = change;
    const { epoch, bundle, seals } = decision;
    const keys = keysOf(change);
    const [row] = await query<{ seq: Seq; admin_name: UserName | null }>(statementOf[decision.change], [
      conversation,
      decision.admin,
      bigints(decision.users),
      by.device,
      clientId,
      at,
      decision.change,
      epoch,
      bundle,
      seals,
      keys !== null,
      keys?.commit ?? null,
    ]);
    const { seq, admin_name: admin } = row!;
    if (keys !== null && before !== null) await query(retireStatement, [before]);
    if (keys !== null && bundle !== null) await query(referStatement, [bundle, conversation, seq]);
    return accepted(change, { conversation, seq, change: decision.change, users, admin, epoch, bundle });
  }
}

// ---

type CreatingChange = Extract<Change, { kind: 'openDirect' | 'createGroup' }>;
type Apply = Extract<Decision, { kind: 'apply' }>;

interface Person {
  readonly id: UserId;
  readonly name: UserName;
}

interface Target extends Person {
  readonly deleted: boolean;
}

const uniqueViolation = '23505';
const attemptsMax = 10;
const statementOf = {
  added: joinStatement,
  removed: departStatement,
  left: departStatement,
  rekeyed: rekeyStatement,
} as const;

/**
 * The targets are looked up first: when the connection is still the newest afterwards, a later one, which may repeat the
 * operation, finds the same targets.
 */
async function factsOf(query: Query, change: Change): Promise<Known & { targets: readonly (Target | null)[] }> {
  const names = targetNames(change).map(storable);
  const rows = names.length === 0 ? [] : await query<Target & { place: number }>(targetsStatement, [texts(names)]);
  const found = new Map(rows.map((row) => [row.place, row]));
  const [known] = await findKnown(query, [change]);
  return { ...known!, targets: names.map((_, index) => found.get(index + 1) ?? null) };
}

/** False when the change names a bundle that it may not refer to; otherwise nobody else refers to it meanwhile. */
async function holdBundle(query: Query, change: Change): Promise<boolean> {
  const bundle = keysOf(change)?.bundle ?? null;
  return bundle === null || (await query(holdBundleStatement, [bundle, change.by.device])).length > 0;
}

/** The conversation as it stays until the end of the transaction. Other writers of it wait. */
async function lock(query: Query, conversation: ConversationId): Promise<ConversationState | null> {
  const [row] = await query<Omit<ConversationState, 'members'>>(lockStatement, [conversation]);
  if (!row) return null;
  const members = await query<{ user_id: UserId }>(membersStatement, [conversation]);
  return { ...row, members: members.map(({ user_id }) => user_id) };
}

async function existing(query: Query, users: readonly Person[]): Promise<Outcome | null> {
  const ids = users.map(({ id }) => id);
  const [row] = await query<{ id: ConversationId; at: number }>(directStatement, [Math.min(...ids), Math.max(...ids)]);
  if (!row) return null;
  return {
    kind: 'accepted',
    conversation: row.id,
    seq: 1 as Seq,
    at: row.at,
    repeat: true,
    affected: ids,
    entry: null,
  };
}

/** A user of the conversation to be has been deleted at this very moment: the one who asks, or another. */
async function afterDeletion(query: Query, change: Change): Promise<Outcome> {
  const [known] = await findKnown(query, [change]);
  return known!.superseded ? { kind: 'superseded' } : refused('unknownUser');
}

function repeat(change: Change, row: DoneRow, targets: readonly (Person | null)[]): Outcome {
  if (!isRepeat(withStorableTitle(change), doneOf(row), idsOf(targets))) return refused('clientIdReused');
  const { conversation, seq, at, users } = row;
  return { kind: 'accepted', conversation, seq, at, repeat: true, affected: users ?? [], entry: null };
}

function withStorableTitle(change: Change): Change {
  return change.kind === 'createGroup' ? { ...change, title: storable(change.title) } : change;
}

function accepted(
  operation: Change,
  what: {
    conversation: ConversationId;
    seq: Seq;
    change: MembershipEntry['change'];
    users: readonly Person[];
    admin: UserName | null;
    epoch: number;
    bundle: BundleId | null;
  },
): Outcome {
  const { by, clientId, at } = operation;
  const { conversation, seq, change, admin, epoch, bundle } = what;
  const names = what.users.map(({ name }) => name);
  const head = { conversation, seq, at, sender: by.name, device: by.device, clientId };
  const keys = keysOf(operation);
  return {
    kind: 'accepted',
    conversation,
    seq,
    at,
    repeat: false,
    affected: what.users.map(({ id }) => id),
    entry: {
      type: 'membership',
      ...head,
      change,
      users: names,
      admin,
      ...(keys !== null && { keys: { epoch, commit: keys.commit, bundle } }),
    },
  };
}

function livingIds(targets: readonly (Target | null)[]): readonly (UserId | null)[] {
  return targets.map((target) => (target === null || target.deleted ? null : target.id));
}

function idsOf(people: readonly (Person | null)[]): readonly (UserId | null)[] {
  return people.map((person) => person?.id ?? null);
}

function self({ by }: Change): Person {
  return { id: by.user, name: by.name };
}

function refused(code: 'clientIdReused' | 'unknownBundle' | 'unknownUser'): Outcome {
  return { kind: 'refused', code };
}
