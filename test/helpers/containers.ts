/** Suites that need a container engine: skipped without one, and never silently. */
import { describe } from 'vitest';
import { examineEngine, fetchImages } from '../../src/sim/backends/containers/examine.ts';

/** Null when containers can run here. With NAWAAB_CONTAINERS=required a lack is a failure instead of a skip. */
export const noContainers: string | null = await whyNot();

export function describeContainers(name: string, timeoutMs: number, suite: () => void): void {
  if (noContainers === null) return void describe(name, { timeout: timeoutMs }, suite);
  describe.skip(`${name} [SKIPPED: ${noContainers}]`, suite);
}

/** Says what is skipped and why. */
export function loudly(reason: string): void {
  console.warn(`\n=== CONTAINER TESTS ARE SKIPPED ===\n${reason}\n===================================\n`);
}

// ---

async function whyNot(): Promise<string | null> {
  const reason = await lack();
  if (reason === null) return null;
  if (process.env.NAWAAB_CONTAINERS === 'required') throw new Error(`Containers are required here. ${reason}`);
  loudly(reason);
  return reason;
}

async function lack(): Promise<string | null> {
  const state = await examineEngine();
  if (state.kind === 'missing') return state.reason;
  return await fetchImages(state.engine.docker, state.missingImages).then(
    () => null,
    (error: Error) => error.message,
  );
}
