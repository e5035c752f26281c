/** However often a message is sent again for want of an answer, it stands at one place. 16 bytes a message. */
import type { CheckEntry } from './check.ts';
import { Places } from './message-table.ts';
import { authorOf, showsPlace } from './sightings.ts';
import { count, createViolations, verdictOf } from './violations.ts';

export const idempotentResend: CheckEntry = {
  promise: 'A message that is sent again is accepted once: it never stands at two places.',
  mayAbstain: false,
  create() {
    const places = new Places();
    const violations = createViolations();
    const reported = new Set<string>();
    let accepted = 0;
    return {
      add(event) {
        if (!showsPlace(event)) return;
        if (event.kind === 'ok') accepted += 1;
        const { conversation, seq, clientId } = event;
        const author = authorOf(event);
        const first = places.note(author, clientId, event);
        const key = `${author}/${clientId}/${conversation}/${seq}`;
        if (!first || reported.has(key)) return;
        reported.add(key);
        const what = () =>
          `message ${clientId} of user ${author} stands at ${first.seq} of conversation ${first.conversation} and at ${seq} of conversation ${conversation}`;
        violations.report(what, { messages: [{ author, clientId }] });
      },
      verdict: () =>
        verdictOf({
          check: 'idempotent-resend',
          violations,
          judged: accepted,
          words: `${count('message', accepted)} accepted, ${violations.count} of them at a second place`,
          nothing: 'nothing was accepted',
        }),
    };
  },
};
