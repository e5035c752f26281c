import { render } from 'preact';
import { dial } from './host/dial.ts';
import { createApp } from './model/app.ts';
import { createDemo } from './model/demo.ts';
import type { TabStorage } from './model/outbox.ts';
import { AppView } from './views/app.tsx';

const app = createApp({
  dial,
  storage: storageIn(() => sessionStorage),
  shared: storageIn(() => localStorage),
  now: () => Date.now(),
  demo: createDemo((path, options) => fetch(path, options)),
});

// A page that comes back from the browser's cache has hung up.
addEventListener('pageshow', (event) => event.persisted && location.reload());

render(<AppView app={app} />, document.getElementById('app')!);

// ---

/** A browser may forbid storage; then a reload forgets, and nothing else is worse. */
function storageIn(storage: () => Storage): TabStorage {
  return {
    get(key) {
      try {
        return storage().getItem(key);
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        if (value === null) storage().removeItem(key);
        else storage().setItem(key, value);
      } catch {}
    },
    clear(prefix) {
      try {
        for (const key of Object.keys(storage())) if (key.startsWith(prefix)) storage().removeItem(key);
      } catch {}
    },
  };
}
