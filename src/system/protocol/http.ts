/** Every HTTP body, both ways, and the table of routes. Unknown fields are refused. */
import { z } from 'zod';
import { type ErrorCode, errorCodes } from './errors.ts';
import { deviceId, serverId, userName } from './frames.ts';
import { limits } from './limits.ts';

const password = z.string().min(limits.passwordCharsMin).max(limits.passwordCharsMax);

export const signUpBody = z.strictObject({ name: userName, password });
export const signUpAnswer = z.strictObject({ name: userName });
/** `device` is the client's own label; signing in again with the same label is the same device. */
export const signInBody = z.strictObject({
  name: userName,
  password: z.string().max(limits.passwordCharsMax),
  device: z.string().min(1).max(limits.deviceLabelCharsMax),
});
export const signInAnswer = z.strictObject({
  name: userName,
  device: deviceId,
  token: z.string(),
  expiresAt: z.int(),
});
export const userAnswer = z.strictObject({ name: userName });
export const errorAnswer = z.strictObject({
  code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]),
  definite: z.boolean(),
  detail: z.string().optional(),
  retryAfterMs: z.int().optional(),
});

/** What a server tells the balancer and anybody who looks at `/stats`. */
export const serverStats = z.strictObject({
  server: serverId,
  uptimeMs: z.number(),
  draining: z.boolean(),
  databaseUp: z.boolean(),
  sessions: z.int(),
  /** Operations received and not yet answered. */
  inFlight: z.int(),
  acceptedTotal: z.int(),
  deliveredTotal: z.int(),
  acceptedPerSec: z.number(),
  deliveredPerSec: z.number(),
  cpuFraction: z.number(),
  cpuMicros: z.number(),
  eventLoopUtilization: z.number(),
  eventLoopP99Ms: z.number(),
  rssBytes: z.number(),
  /** Median time from the start of a batch to its commit, in the last window. */
  batchP50Ms: z.number(),
});
export type ServerStats = z.infer<typeof serverStats>;

export type SignInAnswer = z.infer<typeof signInAnswer>;
export type ErrorAnswer = z.infer<typeof errorAnswer>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly does: string;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
  readonly authenticated: boolean;
}

export const routes = {
  signUp: {
    method: 'POST',
    path: '/v1/users',
    does: 'Sign up.',
    body: signUpBody,
    answer: signUpAnswer,
    authenticated: false,
  },
  signIn: {
    method: 'POST',
    path: '/v1/sessions',
    does: 'Sign in on a device; the token opens the socket.',
    body: signInBody,
    answer: signInAnswer,
    authenticated: false,
  },
  signOut: {
    method: 'DELETE',
    path: '/v1/sessions',
    does: 'Sign out: the token stops working everywhere.',
    authenticated: true,
  },
  findUser: {
    method: 'GET',
    path: '/v1/users/{name}',
    does: 'Is there a user of this name?',
    answer: userAnswer,
    authenticated: true,
  },
  health: { method: 'GET', path: '/healthz', does: 'The process lives.', authenticated: false },
  ready: {
    method: 'GET',
    path: '/readyz',
    does: 'The server takes new work: the database answers and it is not draining.',
    authenticated: false,
  },
  stats: {
    method: 'GET',
    path: '/stats',
    does: 'Load and vitals of this process.',
    answer: serverStats,
    authenticated: false,
  },
  metrics: { method: 'GET', path: '/metrics', does: 'The same for Prometheus.', authenticated: false },
} as const satisfies Record<string, Route>;
