import type { SessionHandlers } from '../contract.ts';

/** The handlers, and before each of them what only looks on hears the same. */
export function observed(handlers: SessionHandlers, observer: SessionHandlers = {}): SessionHandlers {
  const all: { [name: string]: Handler | undefined } = { ...(handlers as Handlers) };
  for (const [name, hear] of Object.entries(observer as Handlers)) {
    const handle = all[name];
    all[name] = (what) => {
      hear?.(what);
      handle?.(what);
    };
  }
  return all as SessionHandlers;
}

// ---

type Handler = (what: never) => void;
type Handlers = Readonly<Record<string, Handler | undefined>>;
