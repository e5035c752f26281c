/** What of a browser is looked at before anything is begun. */
export interface Surroundings {
  readonly isSecureContext: boolean;
  readonly indexedDB?: unknown;
  readonly navigator: { readonly locks?: unknown };
  readonly crypto: { readonly subtle?: unknown };
}

export interface Lack {
  readonly title: string;
  readonly remedy: string;
}

/** What keeps the client from running here, and what helps; null when nothing does. */
export function lackIn({ isSecureContext, indexedDB, navigator, crypto }: Surroundings): Lack | null {
  if (!isSecureContext) {
    return {
      title: 'This address is not secure',
      remedy:
        'Messages are encrypted in the browser, which browsers allow at addresses that begin with https only, and on the very machine that the servers run on. Ask whoever runs them for such an address.',
    };
  }
  if (indexedDB !== undefined && navigator.locks !== undefined && crypto.subtle !== undefined) return null;
  return {
    title: 'This browser cannot run Nawaab',
    remedy:
      'It needs IndexedDB, Web Locks and Web Cryptography: use a current version of Firefox, Chrome, Edge or Safari.',
  };
}
