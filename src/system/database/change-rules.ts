import type { ErrorCode } from '../protocol/errors.ts';
import type { ConversationKind, MembershipEntry } from '../protocol/frames.ts';
import type { BundleId, ConversationId, DeviceId, Seq, UserId } from '../protocol/ids.ts';
import type { Change, KeyState, KeyUpdate, Outcome, Send } from './store.ts';

/** The rules of membership, free of storage, so that every store decides alike. */

/** A conversation as it is while its row is locked. */
export interface ConversationState extends KeyState {
  readonly kind: ConversationKind;
  readonly admin: UserId | null;
  /** Present members, the longest-standing first; of those who came together, the one who signed up first. */
  readonly members: readonly UserId[];
  readonly lastSeq: Seq;
}

/** A change of an existing conversation: the kinds that name one. */
export type GroupChange = Extract<Change, { conversation: ConversationId }>;

type Refusal = Extract<Outcome, { kind: 'refused' }>;

export type Decision =
  | Refusal
  | {
      readonly kind: 'apply';
      readonly change: Exclude<MembershipEntry['change'], 'created' | 'ended'>;
      /** Who comes or goes. */
      readonly users: readonly UserId[];
      /** The admin afterwards. */
      readonly admin: UserId | null;
      /** The keys afterwards; the entry itself seals when `seals`. */
      readonly epoch: number;
      readonly bundle: BundleId | null;
      readonly seals: boolean;
    };

/**
 * What becomes of a change of a conversation. `targets` are the users it names, null where there is none. The most basic
 * refusal comes first: membership, kind of conversation, right, targets, room, keys.
 */
export function decideChange(
  change: GroupChange,
  options: { state: ConversationState | null; targets: readonly (UserId | null)[]; groupMembersMax: number },
): Decision {
  const { state } = options;
  if (!state?.members.includes(change.by.user)) return refused('notMember');
  const who = change.kind === 'commit' ? nobody : decideMembers(change, { ...options, state });
  if ('code' in who) return who;
  const obstacle = keyObstacle(change, state);
  if (obstacle !== null) return obstacle;
  const keys = keysOf(change);
  return {
    kind: 'apply',
    change: changeOf[change.kind],
    users: who.users,
    admin: who.users.includes(state.admin!) ? heir(state, who.users) : state.admin,
    epoch: keys === null ? state.epoch : keys.epoch + 1,
    bundle: keys === null ? state.bundle : keys.bundle,
    seals: change.kind === 'leave' && state.epoch > 0,
  };
}

/** Why a conversation cannot be made with these users and keys; null when it can. */
export function creationObstacle(
  change: Extract<Change, { kind: 'openDirect' | 'createGroup' }>,
  options: { targets: readonly (UserId | null)[]; groupMembersMax: number },
): Refusal | null {
  const { targets } = options;
  if (targets.includes(null)) return refused('unknownUser');
  if (change.kind === 'createGroup') {
    if (new Set([change.by.user, ...targets]).size <= targets.length) return refused('alreadyMember');
    if (targets.length >= options.groupMembersMax) return refused('groupFull');
  }
  const { epoch, sealed } = change.keys ?? noKeys;
  return epoch === 0 && sealed === 0 ? null : refused('staleEpoch');
}

/** The keys of a conversation that has just been made. */
export function keysAtCreation(keys: KeyUpdate | null): KeyState {
  return keys === null ? noKeys : { ...noKeys, epoch: 1, bundle: keys.bundle };
}

/** What is on record of an operation that a device did before. */
export interface DoneOperation {
  readonly conversation: ConversationId;
  readonly conversationKind: ConversationKind;
  readonly title: string;
  /** Null for a message. */
  readonly change: MembershipEntry['change'] | null;
  /** Those who came or went. */
  readonly users: readonly UserId[];
}

/** Whether `asked` is the operation on record again. Payload and keys may differ: a client may have encrypted anew. */
export function isRepeat(asked: Send | Change, done: DoneOperation, targets: readonly (UserId | null)[]): boolean {
  if (!('kind' in asked)) return done.change === null && done.conversation === asked.conversation;
  const { change, conversationKind, users } = done;
  if (asked.kind === 'openDirect') {
    return change === 'created' && conversationKind === 'direct' && users.includes(targets[0]!);
  }
  if (asked.kind === 'createGroup') {
    const isSameGroup = conversationKind === 'group' && done.title === asked.title;
    return change === 'created' && isSameGroup && areSame(users, [asked.by.user, ...targets]);
  }
  const isSameChange = change === changeOf[asked.kind] && done.conversation === asked.conversation;
  return isSameChange && (asked.kind === 'leave' || areSame(users, targets));
}

/** The users whom a change names. */
export function targetNames(change: Change): readonly string[] {
  switch (change.kind) {
    case 'openDirect':
      return [change.with];
    case 'createGroup':
    case 'invite':
    case 'remove':
      return change.users;
    case 'leave':
    case 'commit':
      return [];
  }
}

/** The new keys that a change brings. */
export function keysOf(change: Change): KeyUpdate | null {
  return change.kind === 'leave' ? null : change.keys;
}

/** Names are told apart without regard to the case of A–Z, the only letters they may have. */
export function nameKey(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The furthest cursor of each device and conversation, ascending by both, so that writers lock in one order. */
export function mergeCursors<T extends { device: DeviceId; conversation: ConversationId; upTo: Seq }>(
  cursors: readonly T[],
): readonly T[] {
  const furthest = new Map<string, T>();
  for (const cursor of cursors) {
    const key = `${cursor.device}/${cursor.conversation}`;
    const known = furthest.get(key);
    if (!known || known.upTo < cursor.upTo) furthest.set(key, cursor);
  }
  return [...furthest.values()].sort((a, b) => a.device - b.device || a.conversation - b.conversation);
}

// ---

const noKeys: KeyState = { epoch: 0, sealed: 0 as Seq, bundle: null };
const nobody = { users: [] };
const changeOf = { invite: 'added', remove: 'removed', leave: 'left', commit: 'rekeyed' } as const;

/** Who comes or goes. */
function decideMembers(
  change: Exclude<GroupChange, { kind: 'commit' }>,
  options: { state: ConversationState; targets: readonly (UserId | null)[]; groupMembersMax: number },
): Refusal | { readonly users: readonly UserId[] } {
  const { state, targets } = options;
  if (state.kind !== 'group') return refused('notGroup');
  if (change.kind === 'leave') return { users: [change.by.user] };
  if (state.admin !== change.by.user) return refused('notAdmin');
  const users = targets.filter((user) => user !== null);
  if (users.length < targets.length) return refused('unknownUser');
  const isTwice = new Set(users).size < users.length;
  const present = users.filter((user) => state.members.includes(user)).length;
  if (change.kind === 'remove') return isTwice || present < users.length ? refused('notMember') : { users };
  if (isTwice || present > 0) return refused('alreadyMember');
  return state.members.length + users.length > options.groupMembersMax ? refused('groupFull') : { users };
}

/** Keys are made for one state of the conversation. Somebody who left in between would still hold what comes of them. */
function keyObstacle(change: GroupChange, state: ConversationState): Refusal | null {
  const keys = keysOf(change);
  if (keys === null) return state.epoch > 0 && change.kind !== 'leave' ? refused('keysNeeded') : null;
  if (keys.epoch === state.epoch && keys.sealed === state.sealed) return null;
  return { kind: 'refused', code: 'staleEpoch', upTo: state.lastSeq };
}

function heir(state: ConversationState, gone: readonly UserId[]): UserId | null {
  return state.members.find((member) => !gone.includes(member)) ?? null;
}

function refused(code: ErrorCode): Refusal {
  return { kind: 'refused', code };
}

function areSame(users: readonly UserId[], targets: readonly (UserId | null)[]): boolean {
  return users.length === targets.length && targets.every((target) => target !== null && users.includes(target));
}
