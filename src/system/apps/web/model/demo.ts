import { type ReadonlySignal, signal } from '@preact/signals';

/** The hand that `nawaab serve --demo` gives the page. */
export interface Demo {
  /** Scripted users and servers; null where this is no demonstration. */
  readonly state: ReadonlySignal<DemoState | null>;
  /** Looks anew. Never rejects. */
  look(): Promise<void>;
  /** The scripted users write to this one, once. Never rejects. */
  welcome(name: string): Promise<void>;
  /** Rejects with one sentence for people. */
  kill(server: string): Promise<void>;
}

export interface DemoState {
  readonly people: readonly string[];
  readonly servers: readonly { readonly name: string; readonly isUp: boolean }[];
}

type Fetch = (path: string, options?: RequestOptions) => Promise<Answer>;

interface RequestOptions {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Answer {
  readonly ok: boolean;
  json(): Promise<unknown>;
}

export function createDemo(fetch: Fetch): Demo {
  const state = signal<DemoState | null>(null);

  return {
    state,
    async look() {
      const answer = await fetch('/demo/').catch(() => null);
      const found = answer?.ok ? ((await answer.json().catch(() => null)) as DemoState | null) : null;
      state.value = found === null || found.people.length === 0 ? null : found;
    },
    welcome: (name) => ask('welcome', { name }).catch(() => {}),
    kill: (server) => ask('kill', { server }),
  };

  async function ask(what: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json', 'x-nawaab-demo': '1' };
    const answer = await fetch(`/demo/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(((await answer.json()) as { readonly message: string }).message);
  }
}
