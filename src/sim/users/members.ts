/** Who is a member of a conversation at which of its places, as far as a crowd has been told. */
import type { MembershipChange } from './observer.ts';
import type { Conversations } from './trace/topology.ts';

/** Conversations by their ids. */
export interface Members {
  /** How many members there are besides the author of what stands at this place. */
  othersAt(conversation: number, seq: number): number;
  /** What the user believes: by the last they were told, are they a member? */
  isMember(user: number, conversation: number): boolean;
  /** A message was accepted at this place. Answers the deliveries that it calls for. */
  accepted(conversation: number, seq: number): number;
  /**
   * A change became known; it may be heard of repeatedly, and late. Answers how many more deliveries, or fewer, the
   * messages call for that were accepted after it; null when it was known.
   */
  heard(change: MembershipChange): number | null;
}

/** All stay, so the trace says it. */
export function fixedMembers(
  { memberFrom }: Pick<Conversations, 'memberFrom'>,
  indexOf: (conversation: number) => number,
): Members {
  const othersAt = (conversation: number): number => {
    const index = indexOf(conversation);
    return index === -1 ? 0 : memberFrom[index + 1]! - memberFrom[index]! - 1;
  };
  return { othersAt, isMember: () => true, accepted: othersAt, heard: () => null };
}

/**
 * Members as the entries tell. The number of members at a place is the sum of the changes before it, so it is right as
 * soon as these are known, in whatever order they were heard of; until then what was counted is corrected.
 */
export function changingMembers(): Members {
  const books = new Map<number, Book>();

  function bookOf(conversation: number): Book {
    let book = books.get(conversation);
    if (!book) {
      book = { changes: [], known: new Set(), size: 0, accepted: [], standings: new Map() };
      books.set(conversation, book);
    }
    return book;
  }

  /** Below zero while those are not known who were there. */
  function sizeAt(conversation: number, seq: number): number {
    const { changes, size } = bookOf(conversation);
    let members = size;
    for (let i = changes.length - 1; i >= 0 && changes[i]!.seq > seq; i--) members -= changes[i]!.growth;
    return members;
  }

  return {
    othersAt: (conversation, seq) => Math.max(0, sizeAt(conversation, seq) - 1),
    isMember: (user, conversation) => (books.get(conversation)?.standings.get(user) ?? 0) > 0,
    accepted(conversation, seq) {
      insert(bookOf(conversation).accepted, seq, (one) => one);
      return sizeAt(conversation, seq) - 1;
    },
    heard({ conversation, seq, comes, users }) {
      const book = bookOf(conversation);
      if (book.known.has(seq)) return null;
      book.known.add(seq);
      for (const user of users) stand(book, user, comes ? seq : -seq);
      const growth = comes ? users.length : -users.length;
      insert(book.changes, { seq, growth }, (change) => change.seq);
      book.size += growth;
      const after = countAfter(book.accepted, seq);
      return after === 0 ? 0 : growth * after;
    },
  };
}

// ---

interface Book {
  /** Ascending by place. */
  readonly changes: { readonly seq: number; readonly growth: number }[];
  readonly known: Set<number>;
  /** After all changes. */
  size: number;
  /** Places of messages, ascending. */
  readonly accepted: number[];
  /** By user: the place at which they last came, or below zero at which they went. */
  readonly standings: Map<number, number>;
}

/** Late news of an older stay changes nothing. */
function stand(book: Book, user: number, place: number): void {
  if (Math.abs(place) > Math.abs(book.standings.get(user) ?? 0)) book.standings.set(user, place);
}

/** Nearly always at the end. */
function insert<T>(ascending: T[], one: T, keyOf: (one: T) => number): void {
  let at = ascending.length;
  while (at > 0 && keyOf(ascending[at - 1]!) > keyOf(one)) at--;
  ascending.splice(at, 0, one);
}

function countAfter(ascending: readonly number[], seq: number): number {
  let count = 0;
  while (count < ascending.length && ascending[ascending.length - 1 - count]! > seq) count++;
  return count;
}
