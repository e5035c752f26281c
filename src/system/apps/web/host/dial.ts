import { createLink, type Link, type LinkHandlers } from '../model/link.ts';
import workerUrl from './shared-worker.ts?sharedworker&url';
import type { Port } from './wire.ts';

/**
 * The way from this tab to the user's messenger. It lives in a worker that all tabs share; where a browser has none
 * (Chrome on Android, until lately), it lives in the tab, and the tab that comes second waits for the first one to close.
 */
export function dial(user: string, handlers: LinkHandlers): Link {
  const port = typeof SharedWorker === 'undefined' ? portHere(user) : portOfWorker(user, handlers);
  const link = createLink(port, handlers);
  addEventListener('pagehide', link.close);
  return link;
}

// ---

function portOfWorker(user: string, handlers: LinkHandlers): Port {
  const worker = new SharedWorker(trusted(workerUrl), { name: user.toLowerCase(), type: 'module' });
  worker.addEventListener('error', () =>
    handlers.failed('The program of this page could not be loaded; reload the page.'),
  );
  return worker.port as Port;
}

function portHere(user: string): Port {
  const { port1, port2 } = new MessageChannel();
  void begin(user, port2 as Port);
  return port1 as Port;
}

async function begin(user: string, port: Port): Promise<void> {
  // One by one: in the files of the page a bundler may put what an import needs before what the import does.
  await import('./no-compiling.ts');
  const { beginHost } = await import('./begin.ts');
  beginHost(user).connect(port);
}

/** The policy of the page lets nothing become a script's address but by this name, and this makes it of one constant only. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as unknown as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return url;
  policy ??= trustedTypes.createPolicy('nawaab', { createScriptURL: () => workerUrl });
  return policy.createScriptURL(url) as unknown as string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): object };
}

let policy: ReturnType<TrustedTypes['createPolicy']> | null = null;
