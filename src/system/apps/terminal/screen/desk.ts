import type { Chat } from '../../shared/chat.ts';
import type { Asked, Conversation, ConversationId, Item, Messenger } from '../../shared/messenger.ts';
import type { Line } from '../text/spans.ts';

/** An image as it was sent, and found bearable. */
export interface Picture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What a command may do. */
export interface Desk {
  readonly messenger: Messenger;
  readonly chat: Chat;
  /** The open conversation. Throws a `Problem` when there is none. */
  current(): Conversation;
  say(text: string, isBad?: boolean): void;
  /** Waits for the outcome, and says so when it failed. Null then, and when the program ended before. */
  settled(asked: Asked): Promise<ConversationId | null>;
  show(conversation: ConversationId): Promise<void>;
  panel(title: string, lines: readonly Line[]): void;
  /** Safety codes that were shown, by conversation and name. */
  readonly codes: Map<string, string>;
  /** Asks for something secret; null when the user gave up. */
  ask(question: string): Promise<string | null>;
  /** Entries of the open conversation down to the lowest that is on the screen. */
  shown(): readonly Item[];
  /** Shows a picture until a key is pressed. */
  picture(image: Picture): Promise<void>;
  search(text: string): void;
  retryAll(): void;
  help(): void;
  quit(): void;
}

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly what: string;
  /** Fewest words behind the name. */
  readonly words: number;
  run(desk: Desk, text: string): Promise<void> | void;
}
