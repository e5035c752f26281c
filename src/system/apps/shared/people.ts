import { limits } from '../../protocol/limits.ts';
import type { ChatState } from './chat-state.ts';
import { conversationOf, othersOf } from './chat-state.ts';
import type { Presence } from './messenger.ts';

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
