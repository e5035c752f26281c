/** Faults as data. `at` is a moment; the backend answers each with a receipt of what it measured. */
import { z } from 'zod';

const moment = z
  .union([
    z.strictObject({ ms: z.number().min(0).describe('So long after sending starts, which is the start of warm-up.') }),
    z.strictObject({ afterAccepted: z.int().min(1).describe('When so many messages of the run were accepted.') }),
  ])
  .describe('When: one of the two.');

const server = z
  .string()
  .regex(/^(s\d+|any)$/)
  .default('any')
  .describe('`s1`, `s2`, … or `any`: one drawn by the seed.');

const balancer = z
  .string()
  .regex(/^(b\d+|any)$/)
  .default('any')
  .describe('`b1`, `b2`, … or `any`: one drawn by the seed.');

const link = z
  .string()
  .regex(/^(b\d+-s\d+|s\d+-database)$/)
  .describe('The way from a balancer to a server (`b1-s2`) or from a server to the database (`s1-database`).');

const downMs = z.number().min(0);
const untilStart = 'It is started again after so long';
const downOrNull = downMs.nullable().describe(`${untilStart}; null: when everything heals.`);
const forMs = z.number().gt(0).describe('For how long.');

export const faultPlan = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('kill'), at: moment, server, downMs: downOrNull.default(2000) }),
    z.strictObject({ kind: z.literal('drain'), at: moment, server, downMs: downOrNull.default(2000) }),
    z.strictObject({ kind: z.literal('pause'), at: moment, server, forMs }),
    z.strictObject({
      kind: z.literal('slow'),
      at: moment,
      server,
      cpuShare: z.number().min(0.05).lt(1).describe('Share of its time that the server gets.'),
      forMs: z.number().gt(0).nullable().default(null).describe('For how long; null: to the end.'),
    }),
    z.strictObject({
      kind: z.literal('databaseRestart'),
      at: moment,
      how: z.enum(['fast', 'immediate', 'kill']).default('immediate').describe('In order, at once, or by kill -9.'),
      downMs: downMs.default(1000).describe(`${untilStart}.`),
    }),
    z.strictObject({ kind: z.literal('databasePause'), at: moment, forMs }),
    z.strictObject({ kind: z.literal('balancerKill'), at: moment, balancer, downMs: downOrNull.default(1000) }),
    z.strictObject({ kind: z.literal('disconnect'), at: moment, server, forMs }),
    z.strictObject({
      kind: z.literal('linkSlow'),
      at: moment,
      link,
      delayMs: z.number().min(0).max(60_000).default(50).describe('Each way.'),
      jitterMs: z.number().min(0).max(60_000).default(0).describe('Up to so much more, drawn for each piece.'),
      bytesPerSec: z.number().min(100).nullable().default(null).describe('No faster than this; null: no limit.'),
      forMs,
    }),
    z.strictObject({ kind: z.literal('linkCut'), at: moment, link, forMs }),
    z.strictObject({ kind: z.literal('linkHalfOpen'), at: moment, link, forMs }),
    z.strictObject({ kind: z.literal('linkReset'), at: moment, link, forMs }),
  ])
  .describe('What is done to what; `nawaab list faults` says what each does.');
export type FaultPlan = z.output<typeof faultPlan>;
export type FaultKind = FaultPlan['kind'];

/** One act on the cluster. The engine turns a plan into two of them: the fault and its healing. */
export type Fault = ServerFault | DatabaseFault | BalancerFault | LinkFault;

export type ServerFault =
  | {
      readonly kind: 'kill' | 'drain' | 'start' | 'pause' | 'resume' | 'disconnect' | 'reconnect';
      readonly server: string;
    }
  | { readonly kind: 'slow'; readonly server: string; readonly cpuShare: number };

export type DatabaseFault =
  | { readonly kind: 'databaseStop'; readonly how: 'fast' | 'immediate' | 'kill' }
  | { readonly kind: 'databaseStart' | 'databasePause' | 'databaseResume' };

export interface BalancerFault {
  readonly kind: 'balancerKill' | 'balancerStart';
  readonly balancer: string;
}

export type LinkFault =
  | {
      readonly kind: 'linkSlow';
      readonly link: string;
      readonly delayMs: number;
      readonly jitterMs: number;
      readonly bytesPerSec: number | null;
    }
  | { readonly kind: 'linkCut' | 'linkHalfOpen' | 'linkReset' | 'linkOpen'; readonly link: string };

/** Links that these plans disturb. Only they pass through a proxy; the others cost nothing. */
export function linksOf(plans: readonly FaultPlan[]): readonly string[] {
  return [...new Set(plans.flatMap((plan) => ('link' in plan ? [plan.link] : [])))];
}

/** The name of the component that a plan or an act is about. */
export function targetOf(fault: Fault | FaultPlan): string {
  if ('server' in fault) return fault.server;
  if ('link' in fault) return fault.link;
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
  disconnect:
    'The server is on no network for `forMs`: what is sent vanishes, and nobody is told; not on processes, which have no network of their own.',
  linkSlow:
    'What goes over the link arrives `delayMs`, and up to `jitterMs` more, later each way, and no faster than `bytesPerSec`; for `forMs`.',
  linkCut: 'Nothing gets through the link for `forMs`, while its connections stay open.',
  linkHalfOpen: 'Connections of the link lose their far end and are not told of it; new ones for `forMs` too.',
  linkReset: 'Connections of the link are reset; new ones for `forMs` too.',
};
