/** What the way between two parties of a cluster does with what is sent over it. */
export type LinkBehaviour =
  | { readonly kind: 'open' }
  /** Every piece arrives `delayMs` later, and up to `jitterMs` more; both ways. */
  | {
      readonly kind: 'slow';
      readonly delayMs: number;
      readonly jitterMs: number;
      /** Null: not limited. */
      readonly bytesPerSec: number | null;
    }
  /** Nothing gets through, also no end of a connection; it does when the way is open again. */
  | { readonly kind: 'cut' }
  /** The far end is gone; the near end hears nothing of it, and what it sends goes nowhere. */
  | { readonly kind: 'halfOpen' }
  /** Connections are reset, new ones too. */
  | { readonly kind: 'reset' };

/** From whom to whom connections are made: `b1-s2`, `s1-database`. */
export type LinkName = string;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function partiesOf(link: LinkName): { readonly from: string; readonly to: string } {
  const [from = '', to = ''] = link.split('-');
  return { from, to };
}
