import type { ConversationId, Seq, UserId, UserName } from '../protocol/ids.ts';

/** How far the members of conversations have come. Part of the store, under the same promises. */
export interface ReceiptStore {
  /**
   * Moves read pointers forward; never back, and never past what exists or what the user may see. Rows of users who were
   * never members are ignored.
   */
  moveReads(reads: readonly ReadPointer[]): Promise<void>;
  /**
   * The pointers of the present members of these conversations. One with more than `membersMax` members comes without.
   * Unknown ids are missing from the answer.
   */
  pointers(conversations: readonly ConversationId[], membersMax: number): Promise<readonly ConversationPointers[]>;
}

export interface ReadPointer {
  readonly user: UserId;
  readonly conversation: ConversationId;
  readonly upTo: Seq;
}

export interface ConversationPointers {
  readonly conversation: ConversationId;
  /** Present members; counted to `membersMax + 1` at most. */
  readonly members: number;
  /** Members whose pointers have moved at all. */
  readonly pointers: readonly MemberPointers[];
}

export interface MemberPointers {
  readonly user: UserName;
  /** The furthest cursor of the user's devices, or `read` if that is further. */
  readonly delivered: Seq;
  readonly read: Seq;
}
