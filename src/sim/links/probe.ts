/** One small question over a link, to see what becomes of it. */
import { connect } from 'node:net';
import type { Address } from './behaviour.ts';

export type ProbeResult =
  | { readonly kind: 'answered'; readonly tookMs: number }
  /** Nothing came back in time. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'broken'; readonly code: string };

/** Of a server its readiness, of PostgreSQL whether it speaks TLS; neither needs an account. */
export function probe(address: Address, to: string, withinMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const fromMs = performance.now();
    const socket = connect({ ...address, noDelay: true });
    const settle = (result: ProbeResult) => {
      clearTimeout(late);
      socket.destroy();
      resolve(result);
    };
    const late = setTimeout(() => settle({ kind: 'silent' }), withinMs);
    socket.on('connect', () => socket.write(to === 'database' ? tlsRequest : readyRequest));
    socket.on('data', () => settle({ kind: 'answered', tookMs: performance.now() - fromMs }));
    socket.on('error', (error: NodeJS.ErrnoException) => settle({ kind: 'broken', code: error.code ?? error.message }));
    socket.on('close', () => settle({ kind: 'broken', code: 'closed' }));
  });
}

/** Of one question, or of several. */
export function describeProbes(results: readonly ProbeResult[]): string {
  const unlike = results.find(({ kind }) => kind !== 'answered');
  if (unlike?.kind === 'silent') return 'a question was not answered';
  if (unlike?.kind === 'broken') return `a question broke off (${unlike.code})`;
  const tookMs = results.flatMap((result) => (result.kind === 'answered' ? [result.tookMs] : []));
  const fastest = Math.min(...tookMs).toFixed(1);
  if (tookMs.length === 1) return `a question was answered after ${fastest} ms`;
  return `${tookMs.length} questions were answered after ${fastest} to ${Math.max(...tookMs).toFixed(1)} ms`;
}

// ---

/** PostgreSQL's SSLRequest: its length and a code; the answer is one letter. */
const tlsRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const readyRequest = 'GET /readyz HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n';
