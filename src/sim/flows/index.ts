/** Property-based message flows: search, shrink, run again. */
export { type FlowFailure, type FuzzOptions, type FuzzVerdict, fuzz, maxOperationsDefault } from './fuzz.ts';
export { type ReplayOptions, type ReplayVerdict, replay } from './replay.ts';
export type { Defect, Finding, Trial } from './trial.ts';
