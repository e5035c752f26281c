import type { ConversationId, Seq } from '../protocol/ids.ts';
import { isRepeat } from './change-rules.ts';
import { bigints, texts } from './postgres-arrays.ts';
import { doneOf, findKnown, type Known } from './postgres-done.ts';
import { type Pool, type Statement, sqlState } from './postgres-pool.ts';
import type { Outcome, Send } from './store.ts';

/**
 * Writes batches of messages. Nearly every batch is of new messages of members, and is written by one call on that
 * assumption: no look-up of repeats, sequences worked out here. A batch where it fails goes the careful way.
 */
export function createAccept(pool: Pool): (sends: readonly Send[]) => Promise<readonly Outcome[]> {
  return async (sends) => {
    if (sends.length === 0) return [];
    const { distinct, places } = withoutTwins(sends);
    const outcomes = (await acceptNew(distinct)) ?? (await acceptAny(distinct));
    return sends.map((send, index) => {
      const { place, twin } = places[index]!;
      return twin ? answerTwin(send, distinct[place]!, outcomes[place]!) : outcomes[place]!;
    });
  };

  /** Null when one is a repeat, of a stranger, of a superseded connection or of another epoch: then nothing was written. */
  async function acceptNew(sends: readonly Send[]): Promise<readonly Outcome[] | null> {
    const rooms = groupByConversation(sends);
    const places = placesIn(rooms, sends);
    try {
      const [row] = await pool.write<{ bases: number[] }>(acceptNewStatement, [
        bigints(rooms.ids),
        bigints(rooms.sizes),
        bigints(places.map(({ slot }) => slot)),
        bigints(places.map(({ offset }) => offset)),
        ...senderColumns(sends),
      ]);
      return sends.map((send, index) => {
        const { slot, offset } = places[index]!;
        return accepted(send, { seq: (row!.bases[slot - 1]! + offset) as Seq, repeat: false });
      });
    } catch (error) {
      if (unexpected.includes(sqlState(error) ?? '')) return null;
      throw error;
    }
  }

  async function acceptAny(sends: readonly Send[]): Promise<readonly Outcome[]> {
    const decided = new Map((await acceptAnyRows(sends)).map((row) => [sends[row.place - 1]!, row]));
    const known = await lookUp(sends.filter((send) => !decided.has(send)));
    return sends.map((send) => {
      const row = decided.get(send);
      if (row === undefined) return answerOther(send, known.get(send)!);
      if (row.upTo !== null) return { kind: 'refused', code: 'staleEpoch', upTo: row.upTo };
      return accepted(send, { seq: row.seq!, repeat: false });
    });
  }

  /** The same operation may be under way through another server; once that has committed, it is seen to be a repeat. */
  async function acceptAnyRows(sends: readonly Send[]): Promise<readonly DecidedRow[]> {
    const { ids } = groupByConversation(sends);
    const values = [bigints(ids), bigints(sends.map((send) => send.conversation)), ...senderColumns(sends)];
    for (let attempt = 1; ; attempt++) {
      try {
        return await pool.write(acceptAnyStatement, values);
      } catch (error) {
        if (sqlState(error) !== uniqueViolation || attempt === attemptsMax) throw error;
      }
    }
  }

  async function lookUp(sends: readonly Send[]): Promise<ReadonlyMap<Send, Known>> {
    if (sends.length === 0) return new Map();
    const known = await findKnown(pool.read, sends);
    return new Map(sends.map((send, index) => [send, known[index]!]));
  }
}

// ---

const acceptNewStatement: Statement = {
  name: 'accept_new',
  text: 'SELECT accept_new($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS bases',
};
const acceptAnyStatement: Statement = {
  name: 'accept_any',
  text: 'SELECT place, given_seq AS seq, stale_after AS "upTo" FROM accept_any($1, $2, $3, $4, $5, $6, $7, $8, $9)',
};

/** A message that was written at `seq`, or is of another epoch although the conversation reached `upTo`. */
interface DecidedRow {
  readonly place: number;
  readonly seq: Seq | null;
  readonly upTo: Seq | null;
}

const uniqueViolation = '23505';
/** Of accept_new: a repeat; a stranger, a superseded connection or another epoch. */
const unexpected = [uniqueViolation, 'NW001'];
const attemptsMax = 10;

/** Conversations ascending, the order in which all writers lock. */
interface Rooms {
  readonly ids: readonly ConversationId[];
  readonly sizes: readonly number[];
}

function groupByConversation(sends: readonly Send[]): Rooms {
  const sizes = new Map<ConversationId, number>();
  for (const { conversation } of sends) sizes.set(conversation, (sizes.get(conversation) ?? 0) + 1);
  const ids = [...sizes.keys()].sort((a, b) => a - b);
  return { ids, sizes: ids.map((id) => sizes.get(id)!) };
}

/** For each message its conversation's place in `rooms.ids`, from 1, and its own place among those of it, from 1. */
function placesIn(rooms: Rooms, sends: readonly Send[]): readonly { slot: number; offset: number }[] {
  const next = new Map(rooms.ids.map((id, index) => [id, { slot: index + 1, offset: 0 }]));
  return sends.map(({ conversation }) => {
    const place = next.get(conversation)!;
    place.offset += 1;
    return { ...place };
  });
}

function senderColumns(sends: readonly Send[]): readonly Buffer[] {
  return [
    bigints(sends.map((send) => send.by.user)),
    bigints(sends.map((send) => send.by.device)),
    bigints(sends.map((send) => send.by.connection)),
    bigints(sends.map((send) => send.clientId)),
    bigints(sends.map((send) => send.at)),
    bigints(sends.map((send) => send.epoch)),
    texts(sends.map((send) => send.payload)),
  ];
}

interface Place {
  /** Where the first send of the same operation stands in `distinct`. */
  readonly place: number;
  /** Whether this is not that first one. */
  readonly twin: boolean;
}

/** The first send of each operation, and the place of every send among them. */
function withoutTwins(sends: readonly Send[]): { distinct: readonly Send[]; places: readonly Place[] } {
  const known = new Map<string, number>();
  const distinct: Send[] = [];
  const places = sends.map((send) => {
    const key = operationKey(send);
    const first = known.get(key);
    if (first !== undefined) return { place: first, twin: true };
    known.set(key, distinct.length);
    return { place: distinct.push(send) - 1, twin: false };
  });
  return { distinct, places };
}

/** An operation that comes again on a newer connection stands for itself: the older one may be superseded. */
function operationKey({ by, clientId }: Send): string {
  return `${by.device}/${by.connection}/${clientId}`;
}

/** The answer to a send whose operation stands earlier in the same batch. */
function answerTwin(send: Send, first: Send, outcome: Outcome): Outcome {
  if (send.conversation !== first.conversation) return { kind: 'refused', code: 'clientIdReused' };
  return outcome.kind === 'accepted' ? { ...outcome, repeat: true } : outcome;
}

function answerOther(send: Send, { done, superseded }: Known): Outcome {
  if (!done) return superseded ? { kind: 'superseded' } : { kind: 'refused', code: 'notMember' };
  if (!isRepeat(send, doneOf(done), [])) return { kind: 'refused', code: 'clientIdReused' };
  return accepted({ ...send, at: done.at }, { seq: done.seq, repeat: true });
}

function accepted({ conversation, at }: Send, { seq, repeat }: { seq: Seq; repeat: boolean }): Outcome {
  return { kind: 'accepted', conversation, seq, at, repeat, affected: [], entry: null };
}
