/** What is delivered was sent by a user of the run, and was not refused for certain. */
import type { CheckEntry, Verdict } from './check.ts';
import { at } from './message-table.ts';
import { SeqSet } from './seq-set.ts';
import { isDelivery } from './sightings.ts';
import { count, createViolations, verdictOf } from './violations.ts';

export const noGhost: CheckEntry = {
  promise: 'Nothing is delivered that nobody sent, or whose sending certainly failed.',
  mayAbstain: false,
  create() {
    const authors = new Map<number, Author>();
    const authorOf = (author: number) => at(authors, author, newAuthor);
    return {
      add(event) {
        if (event.op !== 'send') return;
        if (isDelivery(event)) authorOf(event.peer).delivered.add(event.clientId);
        else if (event.kind === 'invoke') {
          authorOf(event.actor).invoked.add(event.clientId);
          authorOf(event.actor).failed.delete(event.clientId);
        } else if (event.kind === 'fail') authorOf(event.actor).failed.add(event.clientId);
      },
      verdict: () => judge(authors),
    };
  },
};

// ---

/** Client ids. A failed one that is tried again may happen after all. */
interface Author {
  readonly invoked: SeqSet;
  readonly failed: Set<number>;
  readonly delivered: SeqSet;
}

function newAuthor(): Author {
  return { invoked: new SeqSet(), failed: new Set(), delivered: new SeqSet() };
}

function judge(authors: ReadonlyMap<number, Author>): Verdict {
  const violations = createViolations();
  let delivered = 0;
  for (const [author, messages] of authors) {
    delivered += messages.delivered.size;
    const focus = (clientId: number) => ({ messages: [{ author, clientId }] });
    for (const clientId of messages.delivered.minus(messages.invoked)) {
      violations.report(() => `message ${clientId} of user ${author} was delivered, but never sent`, focus(clientId));
    }
    for (const clientId of messages.failed) {
      if (!messages.delivered.has(clientId)) continue;
      violations.report(() => `message ${clientId} of user ${author} was refused, and yet delivered`, focus(clientId));
    }
  }
  return verdictOf({
    check: 'no-ghost',
    violations,
    judged: delivered,
    words: `${count('message', delivered)} delivered, ${violations.count} of them never sent or refused`,
    nothing: 'nothing was delivered',
  });
}
