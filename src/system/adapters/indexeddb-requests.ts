import { inUseProblem, newerProblem } from '../client/local/rules.ts';
import type { Ms } from '../ports.ts';
import { Problem } from '../problem.ts';
import type {
  IdbCursor,
  IdbError,
  IdbKeyRange,
  IdbRequest,
  IdbSource,
  IdbTransaction,
  LockManager,
} from './indexeddb-types.ts';

/** Requests, transactions and locks of the browser as promises. */

export function resultOf<T>(request: IdbRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
}

/** Resolves when all of it is on the disk; rejects when none is. */
export function committed(transaction: IdbTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error));
  });
}

/** Shows value after value to `visit` until it says false or none is left. */
export function walk(
  source: IdbSource,
  { range, direction }: { readonly range: IdbKeyRange; readonly direction: 'next' | 'prev' },
  visit: (value: unknown) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request: IdbRequest<IdbCursor | null> = source.openCursor(range, direction);
    request.addEventListener('error', () => reject(request.error));
    request.addEventListener('success', () => {
      const cursor = request.result;
      if (cursor === null || !visit(cursor.value)) resolve();
      else cursor.continue();
    });
  });
}

/**
 * Takes a lock that ends with the window; the answer lets go of it. Rejects when another window has it, and keeps it for so
 * long: that of a page that was just left lasts a little longer than the page.
 */
export function takeLock(locks: LockManager, name: string, waitMs: Ms): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const held = (lock: object | null): Promise<void> | undefined => {
      if (lock === null) {
        reject(inUseProblem(name));
        return undefined;
      }
      return new Promise((release) => resolve(release));
    };
    const options = waitMs > 0 ? { signal: AbortSignal.timeout(waitMs) } : { ifAvailable: true as const };
    locks
      .request(`local database ${name}`, options, held)
      .catch((error) => reject(error?.name === 'TimeoutError' ? inUseProblem(name) : error));
  });
}

/** What failed, in one sentence. `known`: how many steps of the schema this program knows. */
export function indexedDbProblem(name: string, error: unknown, known: number): Problem {
  if (error instanceof Problem) return error;
  const { name: kind, message } = (error ?? { name: 'unknown cause', message: '' }) as IdbError;
  switch (kind) {
    case 'QuotaExceededError':
      return new Problem(`There is no room left for the local database ${name}; free some space and start again.`);
    case 'VersionError':
      return newerProblem(name, known);
    case 'SecurityError':
    case 'NotAllowedError':
      return new Problem(
        `The browser does not allow the local database ${name}; leave the private window, or allow this site to store data.`,
      );
    default:
      return new Problem(
        `The local database ${name} cannot be used (${kind}: ${message}); load the page again, and clear the data of this site if it goes on.`,
      );
  }
}
