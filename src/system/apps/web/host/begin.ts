import './no-compiling.ts';
import { eraseBrowserMessenger, openBrowserMessenger } from '../../../browser.ts';
import { createHost, type Host } from './host.ts';

/** The host of one user's messenger in this browser. Waits until a former one has let go of the database. */
export function beginHost(user: string): Host {
  const name = `nawaab ${user.toLowerCase()}`;
  return createHost({
    open: async (waits) => {
      await former(`${name} host`, waits);
      return openBrowserMessenger({ name, label: 'browser' });
    },
    erase: () => eraseBrowserMessenger({ name }),
  });
}

// ---

/** A page that is being reloaded lets go within this. */
const reloadMs = 400;

/** One host at a time; a page that is being reloaded may still have one. Held until this one ends. */
function former(lock: string, waits: () => void): Promise<void> {
  held ??= new Promise((resolve) => {
    const timer = setTimeout(waits, reloadMs);
    void navigator.locks.request(lock, () => {
      clearTimeout(timer);
      resolve();
      return new Promise(() => {});
    });
  });
  return held;
}

let held: Promise<void> | null = null;
