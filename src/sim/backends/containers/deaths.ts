/** Hears of the end of containers from the engine's own events. */
import { createInterface } from 'node:readline';
import type { Container, Docker } from './engine.ts';
import { clusterLabel } from './identity.ts';

export interface Death {
  /** Exit status as the engine tells it. */
  readonly status: number;
  /** Whether the kernel killed it because the memory of its quota was used up. */
  readonly outOfMemory: boolean;
}

export interface DeathWatch {
  /** Resolves with the first one of a container; never, when it has none. */
  firstOf(container: string): Promise<Death>;
  stop(): void;
}

/** `died` hears the container's name. Resolves when the engine tells. */
export async function watchDeaths(
  docker: Docker,
  cluster: string,
  died: (name: string, death: Death) => void,
): Promise<DeathWatch> {
  const stream = await docker.getEvents({
    filters: { type: ['container'], event: ['oom', 'die'], label: [`${clusterLabel}=${cluster}`] },
  });
  stream.on('error', () => {});
  const short = new Set<string>();
  const firsts = new Map<string, PromiseWithResolvers<Death>>();
  const first = (name: string): PromiseWithResolvers<Death> => {
    const known = firsts.get(name) ?? Promise.withResolvers<Death>();
    firsts.set(name, known);
    return known;
  };
  const lines = createInterface({ input: stream });
  lines.on('line', (line) => {
    const { Action, Actor } = JSON.parse(line) as ContainerEvent;
    const { name, exitCode = 0 } = Actor.Attributes;
    if (Action === 'oom') return void short.add(name);
    // Memory runs short in a container also when only a child of its process is killed.
    const death = { status: Number(exitCode), outOfMemory: short.delete(name) && Number(exitCode) === killed };
    first(name).resolve(death);
    died(name, death);
  });
  return {
    firstOf: (name) => first(name).promise,
    stop: () => {
      lines.close();
      (stream as NodeJS.ReadableStream & { destroy(): void }).destroy();
    },
  };
}

/** For engines that have no event for it: what they say of the container's state. */
export async function wasOutOfMemory(container: Container, { status, outOfMemory }: Death): Promise<boolean> {
  if (outOfMemory || status !== killed) return outOfMemory;
  const state = await container.inspect().catch(() => null);
  return state?.State.OOMKilled === true;
}

// ---

/** 128 and the number of SIGKILL. */
const killed = 137;

interface ContainerEvent {
  readonly Action: 'oom' | 'die';
  readonly Actor: { readonly Attributes: { readonly name: string; readonly exitCode?: string } };
}
