import { render } from 'preact';
import { dial } from './host/dial.ts';
import { type App, createApp } from './model/app.ts';
import { createDemo } from './model/demo.ts';
import { lackIn } from './model/needs.ts';
import type { TabStorage } from './model/outbox.ts';
import { AppView } from './views/app.tsx';
import { Unable } from './views/unable.tsx';

const lack = lackIn(globalThis);

// A page that comes back from the browser's cache has hung up.
addEventListener('pageshow', (event) => event.persisted && location.reload());

render(lack === null ? <AppView app={begin()} /> : <Unable lack={lack} />, document.getElementById('app')!);

// ---

function begin(): App {
  return createApp({
    dial,
    storage: storageIn(() => sessionStorage),
    shared: storageIn(() => localStorage),
    now: () => Date.now(),
    demo: createDemo((path, options) => fetch(path, options)),
  });
}

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
