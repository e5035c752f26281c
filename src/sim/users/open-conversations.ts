import { type ConversationId, limits, type UserName } from '../../system/index.ts';
import { groupTitleOf } from './beliefs.ts';
import type { UserClient } from './clients.ts';
import { userNameOf } from './names.ts';
import type { Trace } from './trace/trace.ts';

export interface OpenOrder {
  readonly trace: Trace;
  readonly tag: string;
  /** Null for users of other crowds. */
  readonly sessionOf: (user: number) => UserClient | null;
  /** Resolves with the conversation when the operation is accepted; rejects when it is refused. */
  readonly answer: (user: number, clientId: number) => Promise<number>;
}

/** Opens every conversation whose first member is in this crowd, a few at a time so that setting up is no storm. */
export async function openConversations(order: OpenOrder): Promise<void> {
  const { count, members, memberFrom } = order.trace.conversations;
  const mine = Array.from({ length: count }, (_, index) => index).filter(
    (index) => order.sessionOf(members[memberFrom[index]!]!) !== null,
  );
  await inParallel(mine, atOnceMax, (conversation) => openOne(order, conversation));
}

/** Works through the items in order, `atOnce` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items.values();
  const hand = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, hand));
}

// ---

const atOnceMax = 128;

async function openOne({ trace, tag, sessionOf, answer }: OpenOrder, conversation: number): Promise<void> {
  const { kind, members, memberFrom } = trace.conversations;
  const [first, ...others] = members.subarray(memberFrom[conversation], memberFrom[conversation + 1]);
  const session = sessionOf(first!)!;
  const names = others.map((other) => userNameOf(tag, other) as UserName);
  if (kind === 'direct') {
    await answer(first!, session.openDirect(names[0]!));
    return;
  }
  const title = groupTitleOf(tag, conversation);
  const group = await answer(first!, session.createGroup(title, names.slice(0, limits.usersPerChangeMax)));
  for (let from = limits.usersPerChangeMax; from < names.length; from += limits.usersPerChangeMax) {
    const some = names.slice(from, from + limits.usersPerChangeMax);
    await answer(first!, session.invite(group as ConversationId, some));
  }
}
