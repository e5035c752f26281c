/** Hears of the end of containers from the engine's own events. */
import { createInterface } from 'node:readline';
import type { Docker } from './engine.ts';
import { clusterLabel } from './identity.ts';

export interface DeathWatch {
  stop(): void;
}

/** `died` hears the container's name and exit status. Resolves when the engine tells. */
export async function watchDeaths(
  docker: Docker,
  cluster: string,
  died: (name: string, status: number) => void,
): Promise<DeathWatch> {
  const stream = await docker.getEvents({
    filters: { type: ['container'], event: ['die'], label: [`${clusterLabel}=${cluster}`] },
  });
  stream.on('error', () => {});
  const lines = createInterface({ input: stream });
  lines.on('line', (line) => {
    const { Actor } = JSON.parse(line) as DieEvent;
    died(Actor.Attributes.name, Number(Actor.Attributes.exitCode ?? 0));
  });
  return {
    stop: () => {
      lines.close();
      (stream as NodeJS.ReadableStream & { destroy(): void }).destroy();
    },
  };
}

// ---

interface DieEvent {
  readonly Actor: { readonly Attributes: { readonly name: string; readonly exitCode?: string } };
}
