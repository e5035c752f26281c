import type { Cancel, Ms } from '../ports.ts';
import { backoffMs } from './backoff.ts';
import type { SessionSettings, SessionWorld } from './contract.ts';

/** When to try again what was refused for now: later and later while nothing is accepted. Made when first needed. */
export class Retry {
  private readonly world: SessionWorld;
  private readonly settings: SessionSettings;
  private readonly run: () => void;
  private refusals = 0;
  private cancelWait: Cancel | null = null;

  constructor(world: SessionWorld, settings: SessionSettings, run: () => void) {
    this.world = world;
    this.settings = settings;
    this.run = run;
  }

  later(atLeastMs: Ms): void {
    if (this.cancelWait) return;
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs } = this.settings;
    const delayMs = backoffMs({ failures: this.refusals++, baseMs, maxMs, random: this.world.random });
    this.cancelWait = this.world.clock.after(atLeastMs + delayMs, () => {
      this.cancelWait = null;
      this.run();
    });
  }

  /** Something was accepted: the next refusal is the first again. */
  reset(): void {
    this.refusals = 0;
  }

  cancel(): void {
    this.cancelWait?.();
    this.cancelWait = null;
  }
}
