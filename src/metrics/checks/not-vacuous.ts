/** A run in which nothing happened keeps every promise. This check says whether the others had anything to judge. */
import type { CheckEntry } from './check.ts';
import { count, createViolations, verdictOf } from './violations.ts';

export const notVacuous: CheckEntry = {
  promise:
    'Messages were accepted and delivered, and if anything was disturbed, some were accepted during or after it.',
  mayAbstain: false,
  create() {
    let accepted = 0;
    let delivered = 0;
    let faults = 0;
    let acceptedSinceFault = 0;
    return {
      add({ kind, op }) {
        if (kind === 'fault') faults += 1;
        else if (op !== 'send') return;
        else if (kind === 'app') delivered += 1;
        else if (kind === 'ok') {
          accepted += 1;
          if (faults > 0) acceptedSinceFault += 1;
        }
      },
      verdict() {
        const crossed =
          faults === 0 ? '' : `; ${acceptedSinceFault} accepted during or after ${count('fault', faults)}`;
        const words = `${count('message', accepted)} accepted, shown ${count('time', delivered)}${crossed}`;
        const enough = accepted > 0 && delivered > 0 && (faults === 0 || acceptedSinceFault > 0);
        return verdictOf({
          check: 'not-vacuous',
          violations: createViolations(),
          judged: enough ? accepted : 0,
          words,
          nothing: `nothing was put to the test: ${words}`,
        });
      },
    };
  },
};
