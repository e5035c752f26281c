import type { Ms } from '../ports.ts';
import type { UserId } from '../protocol/ids.ts';

/** Places for things that take a while: so many in all, and so many for one user. */
export interface Places {
  /** A place, to be left once; or why there is none. */
  take(user: UserId): { readonly kind: 'taken'; leave(): void } | NoPlace;
  readonly taken: number;
}

interface NoPlace {
  readonly kind: 'refused';
  /** `busy`: all places are taken; `tooMany`: all that this user may have. */
  readonly code: 'busy' | 'tooMany';
  readonly retryAfterMs: Ms;
}

export function createPlaces({ max, perUserMax }: { readonly max: number; readonly perUserMax: number }): Places {
  const byUser = new Map<UserId, number>();
  let taken = 0;

  const move = (user: UserId, by: 1 | -1): void => {
    taken += by;
    const own = (byUser.get(user) ?? 0) + by;
    if (own === 0) byUser.delete(user);
    else byUser.set(user, own);
  };

  return {
    take(user) {
      if ((byUser.get(user) ?? 0) >= perUserMax) return { kind: 'refused', code: 'tooMany', retryAfterMs };
      if (taken >= max) return { kind: 'refused', code: 'busy', retryAfterMs };
      move(user, 1);
      return { kind: 'taken', leave: () => move(user, -1) };
    },
    get taken() {
      return taken;
    },
  };
}

// ---

/** When a place becomes free is not known; about as long as one transfer takes. */
const retryAfterMs: Ms = 2000;
