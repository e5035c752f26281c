/** Who is connected, and what each had to be told when they last caught up. */
import type { HistoryEvent } from '../history/event.ts';
import type { Ledger } from './ledger.ts';
import { SeqSet } from './seq-set.ts';

/** Hear each event before the ledger does. */
export interface Presence {
  add(event: HistoryEvent): void;
  /**
   * Connected, also if still catching up, when the history ends or, where there is one, at the mark of the phase `end`:
   * users who are sent home after it were there to the end.
   */
  atEnd(user: number): boolean;
  /** Places accepted in the conversation before the user dialled for the last session that caught up. */
  caughtUpTo(user: number, conversation: number): SeqSet;
}

export function createPresence(ledger: Ledger): Presence {
  const online = new Set<number>();
  const dialled = new Map<number, AcceptedThen>();
  const settled = new Map<number, AcceptedThen>();
  let ended = false;
  return {
    add({ kind, op, actor, detail }) {
      if (op === 'phase') ended ||= detail === 'end';
      else if (op === 'connect' && kind === 'invoke') {
        dialled.set(actor, acceptedNow(ledger, actor));
        if (!ended) online.delete(actor);
      } else if (op === 'connect' && kind === 'ok') online.add(actor);
      else if (op === 'disconnect' && !ended) online.delete(actor);
      else if (op === 'caughtUp') settled.set(actor, dialled.get(actor) ?? noneThen);
    },
    atEnd: (user) => online.has(user),
    caughtUpTo: (user, conversation) => settled.get(user)?.get(conversation) ?? new SeqSet(),
  };
}

// ---

type AcceptedThen = ReadonlyMap<number, SeqSet>;
const noneThen: AcceptedThen = new Map();

function acceptedNow(ledger: Ledger, user: number): AcceptedThen {
  const then = new Map<number, SeqSet>();
  for (const [id, { accepted }] of ledger.conversationsOf(user)) then.set(id, accepted.copy());
  return then;
}
