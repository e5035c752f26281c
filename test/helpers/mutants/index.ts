/**
 * Deliberately broken systems: the real servers with a port that breaks a promise. Each names the checks that may find
 * it; a search that does not find one of them proves nothing when it passes.
 */
import type { Defect } from '../../../src/sim/flows/index.ts';
import { answerBeforeCommit } from './answer-before-commit.ts';
import { deliverAfterRemoval } from './deliver-after-removal.ts';
import { dropBacklog } from './drop-backlog.ts';
import { forgetRepeats } from './forget-repeats.ts';
import { loseHints } from './lose-hints.ts';
import { swapPlaces } from './swap-places.ts';

export interface Mutant {
  /** What is broken, in one sentence. */
  readonly defect: string;
  /** One of these must find it. */
  readonly killers: readonly string[];
  /** A new one for every search: some remember what they saw. */
  readonly create: () => Defect;
}

export const mutants = {
  'answer-before-commit': answerBeforeCommit,
  'drop-backlog': dropBacklog,
  'deliver-after-removal': deliverAfterRemoval,
  'forget-repeats': forgetRepeats,
  'lose-hints': loseHints,
  'swap-places': swapPlaces,
} as const satisfies Record<string, Mutant>;
