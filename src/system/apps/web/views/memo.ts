import { Component, type FunctionComponent, h } from 'preact';

/** A component that is drawn again only when `isSame` says no. Preact has this in `preact/compat` only, with much else. */
export function memo<P extends object>(
  inner: FunctionComponent<P>,
  isSame: (before: P, after: P) => boolean,
): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return !isSame(this.props as P, next);
    }
    override render() {
      return h(inner as FunctionComponent, this.props as object);
    }
  }
  return Memo as unknown as FunctionComponent<P>;
}
