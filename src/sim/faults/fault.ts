/** Faults as data. `at` is a moment; the backend answers each with a receipt of what it measured. */
import { z } from 'zod';

/** Milliseconds after sending starts (the start of warm-up), or when the n-th message of the run is accepted. */
const moment = z.union([z.strictObject({ ms: z.number().min(0) }), z.strictObject({ afterAccepted: z.int().min(1) })]);
/** `s1`, `s2`, … or `any`: one drawn by the seed. */
const server = z
  .string()
  .regex(/^(s\d+|any)$/)
  .default('any');

/** `b1`, `b2`, … or `any`: one drawn by the seed. */
const balancer = z
  .string()
  .regex(/^(b\d+|any)$/)
  .default('any');

export const faultPlan = z.discriminatedUnion('kind', [
  /** kill -9 of a server; started again after `downMs` unless that is null. */
  z.strictObject({ kind: z.literal('kill'), at: moment, server, downMs: z.number().min(0).nullable().default(2000) }),
  /** The server takes no new work, says `goAway`, ends; started again after `downMs`. */
  z.strictObject({ kind: z.literal('drain'), at: moment, server, downMs: z.number().min(0).nullable().default(2000) }),
  /** The server does not run at all for `forMs` (SIGSTOP). */
  z.strictObject({ kind: z.literal('pause'), at: moment, server, forMs: z.number().gt(0) }),
  /** The server gets `cpuShare` of its time for `forMs`; null: to the end. */
  z.strictObject({
    kind: z.literal('slow'),
    at: moment,
    server,
    cpuShare: z.number().min(0.05).lt(1),
    forMs: z.number().gt(0).nullable().default(null),
  }),
  /** The database ends in order (`fast`), at once (`immediate`) or by kill -9 (`kill`), and is started again after `downMs`. */
  z.strictObject({
    kind: z.literal('databaseRestart'),
    at: moment,
    how: z.enum(['fast', 'immediate', 'kill']).default('immediate'),
    downMs: z.number().min(0).default(1000),
  }),
  /** No process of the database runs at all for `forMs` (SIGSTOP). */
  z.strictObject({ kind: z.literal('databasePause'), at: moment, forMs: z.number().gt(0) }),
  /** kill -9 of a balancer; started again on its port after `downMs` unless that is null. */
  z.strictObject({
    kind: z.literal('balancerKill'),
    at: moment,
    balancer,
    downMs: z.number().min(0).nullable().default(1000),
  }),
]);
export type FaultPlan = z.output<typeof faultPlan>;
export type FaultKind = FaultPlan['kind'];

/** One act on the cluster. The engine turns a plan into two of them: the fault and its healing. */
export type Fault = ServerFault | DatabaseFault | BalancerFault;

export type ServerFault =
  | { readonly kind: 'kill' | 'drain' | 'start' | 'pause' | 'resume'; readonly server: string }
  | { readonly kind: 'slow'; readonly server: string; readonly cpuShare: number };

export type DatabaseFault =
  | { readonly kind: 'databaseStop'; readonly how: 'fast' | 'immediate' | 'kill' }
  | { readonly kind: 'databaseStart' | 'databasePause' | 'databaseResume' };

export interface BalancerFault {
  readonly kind: 'balancerKill' | 'balancerStart';
  readonly balancer: string;
}

/** The name of the component that a plan or an act is about. */
export function targetOf(fault: Fault | FaultPlan): string {
  if ('server' in fault) return fault.server;
  return 'balancer' in fault ? fault.balancer : 'database';
}

/** What was measured to prove that the act took effect. */
export interface FaultReceipt {
  readonly effective: boolean;
  readonly proof: string;
  /** When it took effect, on the cluster's clock. */
  readonly atMs: number;
}

/** Every kind of fault with its meaning; shown by `nawaab list faults`. */
export const faultKinds: Readonly<Record<FaultKind, string>> = {
  kill: 'kill -9 of a server; started again after `downMs`, or when everything heals if that is null.',
  drain:
    'The server is asked to end: it takes no new work, sends its clients away, stops; started again after `downMs`.',
  pause: 'The server does not run at all for `forMs`.',
  slow: 'The server gets `cpuShare` of its time for `forMs`, or to the end if that is null.',
  databaseRestart:
    'The database ends in order (`fast`), at once (`immediate`) or by kill -9 (`kill`), and is started again after `downMs`.',
  databasePause: 'The database does not run at all for `forMs`.',
  balancerKill: 'kill -9 of a balancer; started again after `downMs`, or when everything heals if that is null.',
};
