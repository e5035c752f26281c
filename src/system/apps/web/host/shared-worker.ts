import { beginHost } from './begin.ts';
import type { Port } from './wire.ts';

/** A worker for one user, whose name it bears, that all tabs share. It ends when the last of them does. */
const scope = self as unknown as {
  readonly name: string;
  onconnect: (event: { readonly ports: readonly Port[] }) => void;
};
const host = beginHost(scope.name);

scope.onconnect = ({ ports: [port] }) => host.connect(port!);
