import { config } from 'zod';
import { openBrowserMessenger } from '../../../browser.ts';
import { createHost, type Host } from './host.ts';

// The policy of the page forbids code made from text; zod would try it first and be told off in the console.
config({ jitless: true });

/** The host of one user's messenger in this browser. Waits until a former one has let go of the database. */
export function beginHost(user: string): Host {
  const name = `nawaab ${user.toLowerCase()}`;
  return createHost({
    open: async () => {
      await former(`${name} host`);
      return openBrowserMessenger({ name, label: 'browser' });
    },
  });
}

// ---

/** One host at a time; a page that is being reloaded may still have one. Held until this one ends. */
function former(lock: string): Promise<void> {
  held ??= new Promise((resolve) => {
    void navigator.locks.request(lock, () => {
      resolve();
      return new Promise(() => {});
    });
  });
  return held;
}

let held: Promise<void> | null = null;
