/** Where users encrypt, the database is searched after the run for what they wrote: nobody at the servers can read along. */
import type { CheckEntry } from './check.ts';
import { count, createViolations, verdictOf } from './violations.ts';

export const noPlaintext: CheckEntry = {
  promise: 'Where users encrypt, nothing that is stored contains what they wrote.',
  mayAbstain: true,
  create() {
    const violations = createViolations();
    let searched = 0;
    return {
      add({ op, detail, conversation, seq, peer }) {
        if (op !== 'stored' || detail === '') return;
        searched += 1;
        if (detail !== 'plaintext') return;
        const what = () => `what user ${peer} wrote stands at ${seq} of conversation ${conversation} in the clear`;
        violations.report(what, { conversation, seqs: [seq], actors: [peer] });
      },
      verdict: () =>
        verdictOf({
          check: 'no-plaintext',
          violations,
          judged: searched,
          words: `${count('message', searched)} stored, ${violations.count} of them in the clear`,
          nothing: 'nobody encrypted, or the database was not read after the run',
        }),
    };
  },
};
