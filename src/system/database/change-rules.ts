import type { ErrorCode } from '../protocol/errors.ts';
import type { ConversationKind, MembershipEntry } from '../protocol/frames.ts';
import type { ConversationId, DeviceId, Seq, UserId } from '../protocol/ids.ts';
import type { Change, Send } from './store.ts';

/** The rules of membership, free of storage, so that every store decides alike. */

/** A conversation as it is while its row is locked. */
export interface ConversationState {
  readonly kind: ConversationKind;
  readonly admin: UserId | null;
  /** Present members, the longest-standing first. */
  readonly members: readonly UserId[];
}

/** A change of an existing group: the kinds that name a conversation. */
export type GroupChange = Extract<Change, { conversation: ConversationId }>;

export type Decision =
  | { readonly kind: 'refused'; readonly code: ErrorCode }
  | {
      readonly kind: 'apply';
      readonly change: Exclude<MembershipEntry['change'], 'created'>;
      /** Who comes or goes. */
      readonly user: UserId;
      /** The admin afterwards. */
      readonly admin: UserId | null;
    };

/**
 * What becomes of a change of a group. `target` is the user it names, null when there is none; for `leave` it is
 * ignored. The most basic refusal comes first: membership, kind of conversation, right, target, room.
 */
export function decideChange(
  change: GroupChange,
  options: { state: ConversationState | null; target: UserId | null; groupMembersMax: number },
): Decision {
  const { state, target } = options;
  if (!state?.members.includes(change.by.user)) return refused('notMember');
  if (state.kind !== 'group') return refused('notGroup');
  if (change.kind === 'leave') return departure(state, 'left', change.by.user);
  if (state.admin !== change.by.user) return refused('notAdmin');
  if (target === null) return refused('unknownUser');
  const present = state.members.includes(target);
  if (change.kind === 'remove') return present ? departure(state, 'removed', target) : refused('notMember');
  if (present) return refused('alreadyMember');
  if (state.members.length >= options.groupMembersMax) return refused('groupFull');
  return { kind: 'apply', change: 'added', user: target, admin: state.admin };
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

/** Whether `asked` is the operation on record again. A payload may differ: a client may have encrypted it anew. */
export function isRepeat(asked: Send | Change, done: DoneOperation, target: UserId | null): boolean {
  if (!('kind' in asked)) return done.change === null && done.conversation === asked.conversation;
  switch (asked.kind) {
    case 'openDirect':
      return done.change === 'created' && done.conversationKind === 'direct' && includes(done.users, target);
    case 'createGroup':
      return done.change === 'created' && done.conversationKind === 'group' && done.title === asked.title;
    case 'invite':
      return done.change === 'added' && done.conversation === asked.conversation && includes(done.users, target);
    case 'remove':
      return done.change === 'removed' && done.conversation === asked.conversation && includes(done.users, target);
    case 'leave':
      return done.change === 'left' && done.conversation === asked.conversation;
  }
}

/** The user whom a change names, null when it names none. */
export function targetName(change: Change): string | null {
  switch (change.kind) {
    case 'openDirect':
      return change.with;
    case 'invite':
    case 'remove':
      return change.user;
    case 'createGroup':
    case 'leave':
      return null;
  }
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

function departure(state: ConversationState, change: 'removed' | 'left', user: UserId): Decision {
  const heir = state.members.find((member) => member !== user) ?? null;
  return { kind: 'apply', change, user, admin: state.admin === user ? heir : state.admin };
}

function refused(code: ErrorCode): Decision {
  return { kind: 'refused', code };
}

function includes(users: readonly UserId[], user: UserId | null): boolean {
  return user !== null && users.includes(user);
}
