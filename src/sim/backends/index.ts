import type { Backend } from './backend.ts';
import { virtualBackend } from './virtual/index.ts';

/** Every backend by its name. To add one: one folder, one line here. */
export const backends = {
  virtual: virtualBackend,
} as const satisfies Record<string, Backend>;

export type BackendName = keyof typeof backends;
export const backendNames = Object.keys(backends) as BackendName[];
