import type { Step } from '../../encryption/contract.ts';
import type { KeyStep } from '../sealing.ts';

/** Collects what one call of the sealing changes. */
export interface Turn extends KeyStep {
  readonly keys: Map<string, Uint8Array | null>;
  /** To be called once all is stored: wipes what a step has left behind. */
  spend(step: Pick<Step, 'wipe'>): void;
  stored(): void;
}

export function newTurn(): Turn {
  const keys = new Map<string, Uint8Array | null>();
  const spent: Pick<Step, 'wipe'>[] = [];
  return {
    keys,
    spend: (step) => void spent.push(step),
    stored: () => {
      for (const { wipe } of spent.splice(0)) wipe();
    },
  };
}
