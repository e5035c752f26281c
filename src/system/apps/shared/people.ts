import { limits } from '../../protocol/limits.ts';
import type { ChatState } from './chat-state.ts';
import { conversationOf, othersOf } from './chat-state.ts';
import type { Conversation, Presence, Verification } from './messenger.ts';

/** Whose presence is shown, the most wanted first: the open conversation's members, then whom one writes with directly. */
export function usersShown({ conversations, open, me }: ChatState): readonly string[] {
  const opened = conversations.find(({ id }) => id === open?.id);
  const direct = conversations.filter(({ kind, isMember }) => kind === 'direct' && isMember);
  const names = [...(opened ? [opened] : []), ...direct].flatMap((conversation) => othersOf(conversation, me));
  return [...new Set(names)].slice(0, limits.presenceWatchMax);
}

/** How it is with the other of a direct conversation; null while that is not known. */
export function presenceIn(chat: ChatState, id: Parameters<typeof conversationOf>[1]): Presence | null {
  const conversation = conversationOf(chat, id);
  if (conversation?.kind !== 'direct') return null;
  return chat.presence.get(conversation.title.toLowerCase()) ?? null;
}

/** Whether the other of a direct conversation was verified; null when they were not. */
export function verificationIn({ verifications }: ChatState, { kind, title }: Conversation): Verification | null {
  return kind === 'direct' ? (verifications.get(title.toLowerCase()) ?? null) : null;
}

/** Members of whom the user has not been told yet that they have devices which nobody compared. */
export function changedIn({ verifications, me }: ChatState, conversation: Conversation): readonly Verification[] {
  if (verifications.size === 0) return [];
  return othersOf(conversation, me)
    .flatMap((name) => verifications.get(name.toLowerCase()) ?? [])
    .filter(({ state, isAcknowledged }) => state === 'changed' && !isAcknowledged);
}
