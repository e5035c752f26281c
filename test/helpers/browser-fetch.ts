import { Agent, fetch, type RequestInit } from 'undici';
import { vi } from 'vitest';

/**
 * Makes the global `fetch` one that does what browsers do. Node 24's own (undici 7) throws, past everybody, when a connection ends
 * while its answer waits to be read (nodejs/undici#5360), which browsers and undici 8 do not.
 */
export function stubBrowserFetch(): void {
  // Left to itself it would use the connections of Node's own.
  const dispatcher = new Agent();
  vi.stubGlobal('fetch', (input: URL | string, init?: RequestInit) => fetch(input, { ...init, dispatcher }));
}
