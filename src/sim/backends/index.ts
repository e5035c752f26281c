import type { Backend } from './backend.ts';
import { containersBackend } from './containers/index.ts';
import { processesBackend } from './processes/index.ts';
import { virtualBackend } from './virtual/index.ts';

/** Every world that a scenario can run in, by name; the command line, the docs and the tests read this map. */
export const backends = {
  processes: processesBackend,
  containers: containersBackend,
  virtual: virtualBackend,
} as const satisfies Record<string, Backend>;

export type BackendName = keyof typeof backends;
