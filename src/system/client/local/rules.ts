import { Problem } from '../../problem.ts';
import type { ConversationId, Seq } from '../../protocol/ids.ts';
import { type LocalEntry, type LocalProgress, localLimits, type SearchPlace } from './contract.ts';

/** The rules of a local database, free of storage, so that every implementation decides alike. */

export const newProgress: LocalProgress = { cursor: 0 as Seq, read: 0 as Seq, unread: 0 };

/** What is compared in a search: forms of the same letter count as one, in either case. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

export function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= localLimits.pageMax) return;
  throw new Problem(`A limit of ${limit} entries is not possible; ask for 1 to ${localLimits.pageMax}.`);
}

export function checkSearched(text: string): void {
  if (text === '') throw new Problem('There is nothing to search for; give at least one character.');
}

export function placeOf({ at, conversation, seq }: LocalEntry): SearchPlace {
  return { at, conversation, seq };
}

export function unknownConversation(conversation: ConversationId): Problem {
  return new Problem(`Conversation ${conversation} is not in the local database; add it before its progress.`);
}

export function closedProblem(name: string): Problem {
  return new Problem(`The local database ${name} is closed; open it again.`);
}

export function inUseProblem(name: string): Problem {
  return new Problem(`The local database ${name} is in use by another program or window; close that first.`);
}

/** `known`: how many steps of the schema this program knows. */
export function newerProblem(name: string, known: number): Problem {
  return new Problem(
    `The local database ${name} was written by a newer version of this program (its schema is above ${known}); use that version or a newer one.`,
  );
}
