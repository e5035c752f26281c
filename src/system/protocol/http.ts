/** Every HTTP body, both ways, and the table of routes. Unknown fields are refused. */
import { z } from 'zod';
import { type ErrorCode, errorCodes } from './errors.ts';
import { deviceId, serverId, shownText, userName } from './frames.ts';
import {
  claimAnswer,
  keyBundleAnswer,
  keyBundleBody,
  keyBundleUploaded,
  keyPackagesAnswer,
  keyPackagesBody,
} from './http-keys.ts';
import type { BlobId, ConversationId } from './ids.ts';
import { limits } from './limits.ts';

const password = z.string().min(limits.passwordCharsMin).max(limits.passwordCharsMax);

export const signUpBody = z.strictObject({ name: userName, password });
export const signUpAnswer = z.strictObject({ name: userName });
/** `device` is the client's own label; signing in again with the same label is the same device. */
export const signInBody = z.strictObject({
  name: userName,
  password: z.string().max(limits.passwordCharsMax),
  device: shownText(limits.deviceLabelCharsMax),
});
export const signInAnswer = z.strictObject({
  name: userName,
  device: deviceId,
  token: z.string(),
  expiresAt: z.int(),
});
/** Nothing else is one: what stands in a path is compared with this before anything is done with it. */
export const blobId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{32}$/)
  .describe('Id of a blob: 192 random bits in base64url.') as unknown as z.ZodType<BlobId>;
/** Queries are text. */
export const uploadQuery = z.strictObject({
  conversation: z
    .string()
    .regex(/^[1-9][0-9]{0,14}$/)
    .describe('Id of the conversation that the blob belongs to.')
    .transform((text) => Number(text) as ConversationId),
});
export const uploadAnswer = z.strictObject({ blob: blobId, bytes: z.int().describe('How many arrived.') });
export const userAnswer = z.strictObject({ name: userName });
/** `old` is asked for again: a token that somebody else got hold of is not enough. */
export const changePasswordBody = z.strictObject({
  old: z.string().max(limits.passwordCharsMax).describe('The password until now.'),
  new: password.describe('The password from now on.'),
});
export const deleteAccountBody = z.strictObject({
  password: z.string().max(limits.passwordCharsMax).describe('Once more: a token alone is not enough.'),
});
export const devicesAnswer = z.strictObject({
  devices: z
    .array(
      z.strictObject({
        device: deviceId,
        label: z.string().describe('What the device called itself when it signed in.'),
        current: z.boolean().describe('It is the one that asks.'),
        sessions: z.int().min(1).describe('Tokens that work.'),
        signedInAt: z.int().describe('When the newest of them was made.'),
        expiresAt: z.int().describe('When the last of them stops working.'),
      }),
    )
    .describe('Those that are signed in, the one that signed in last first.'),
});
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
  /** Ephemeral frames (receipts, typing, presence): what came from clients, and what was sent to them. */
  ephemeralReceivedTotal: z.int(),
  ephemeralDeliveredTotal: z.int(),
  /** Of the latter, those that told of presence. */
  presenceDeliveredTotal: z.int(),
  /** News that became one with what waited already. */
  ephemeralCoalescedTotal: z.int(),
  /** News given up: over a limit, too late, or not for the one who said it. */
  ephemeralDroppedTotal: z.int(),
  /** News that wait to be sent or written, of all sessions. */
  ephemeralQueued: z.int(),
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
export type DevicesAnswer = z.infer<typeof devicesAnswer>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly does: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
  /** Which of the two is bytes, not JSON. */
  readonly bytes?: 'body' | 'answer';
  /** The body is JSON of up to `keyBodyBytesMax`, which is read once it is known whose it is. */
  readonly isLarge?: true;
  readonly authenticated: boolean;
}

export const routes = {
  signUp: {
    method: 'POST',
    path: '/v1/users',
    does: 'Sign up; see Names.',
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
  uploadBlob: {
    method: 'POST',
    path: '/v1/blobs',
    does: 'Store an encrypted image, at most `blobBytesMax` bytes, for the members of a conversation that one belongs to. The body is its bytes, with `content-length` or chunked. It can be fetched when this is answered, and as long as a message of the same time. A repetition makes another blob. Refused with `tooMany` when one uploads too many at once or has used up the day’s bytes, with `busy` when the server has too many uploads. Whoever sends too slowly is cut off.',
    query: uploadQuery,
    answer: uploadAnswer,
    bytes: 'body',
    authenticated: true,
  },
  downloadBlob: {
    method: 'GET',
    path: '/v1/blobs/{id}',
    does: 'The bytes of a blob, for members of its conversation. Who is no member now gets nothing, be it that they once were: `unknownPath`, as if it did not exist; and a removal in the middle cuts the answer off. `repr-digest` has its SHA-256 (RFC 9530). Whoever reads too slowly is cut off.',
    bytes: 'answer',
    authenticated: true,
  },
  changePassword: {
    method: 'PUT',
    path: '/v1/password',
    does: 'Change the password. Every other session of the user ends; the one that asks stays. Repeating it does no harm: where the new password holds already, the answer is the same.',
    body: changePasswordBody,
    authenticated: true,
  },
  signOutEverywhere: {
    method: 'DELETE',
    path: '/v1/sessions/all',
    does: 'Sign out on all devices, this one included. Asked again after a lost answer, `unauthenticated` means that it was done.',
    authenticated: true,
  },
  devices: {
    method: 'GET',
    path: '/v1/devices',
    does: 'One’s own devices that are signed in.',
    answer: devicesAnswer,
    authenticated: true,
  },
  signOutDevice: {
    method: 'DELETE',
    path: '/v1/devices/{device}',
    does: 'Sign out on one of one’s own devices; done as well when it was signed out already.',
    authenticated: true,
  },
  deleteAccount: {
    method: 'DELETE',
    path: '/v1/users/me',
    does: 'Delete the account, for good. From the answer on it can do nothing more; within moments it leaves its groups (an admin’s right passes on as with `leave`) and its direct conversations end, each by an entry. What it wrote stays with those who may read it until it expires, under its name, which nobody gets again. Asked again after a lost answer, `unauthenticated` means that it was done.',
    body: deleteAccountBody,
    authenticated: true,
  },
  uploadKeyPackages: {
    method: 'POST',
    path: '/v1/key-packages',
    does: 'Leave key packages for others, so that they can add this device to encrypted conversations. The newest `keyPackagesPerDeviceMax` stay. One that may have arrived must not be uploaded again, for it may have been given away: make new ones.',
    body: keyPackagesBody,
    answer: keyPackagesAnswer,
    isLarge: true,
    authenticated: true,
  },
  keyPackagesLeft: {
    method: 'GET',
    path: '/v1/key-packages',
    does: 'How many single-use key packages of this device are left.',
    answer: keyPackagesAnswer,
    authenticated: true,
  },
  claimKeyPackages: {
    method: 'POST',
    path: '/v1/key-packages/{name}/claim',
    does: 'One key package for each device of a user that is signed in and has any, but for the device that asks. Nobody else gets the same ones, those of last resort excepted. Who has none cannot be added to keys, only to the conversation: their devices come in by themselves.',
    answer: claimAnswer,
    authenticated: true,
  },
  uploadKeyBundle: {
    method: 'POST',
    path: '/v1/key-bundles',
    does: 'Leave what a key change brings besides the commit, before the operation that refers to it by `keys.bundle`. It waits for that for an hour; of those of one device that wait, the newest `keyBundlesWaitingMax` stay. One operation can refer to it, of the same device.',
    body: keyBundleBody,
    answer: keyBundleUploaded,
    isLarge: true,
    authenticated: true,
  },
  keyBundle: {
    method: 'GET',
    path: '/v1/key-bundles/{id}',
    does: 'A key bundle, for everybody who was a member of the conversation after the entry that refers to it, also when they are gone since; that of the last key change for all members. Before it is referred to, for the device that uploaded it. For others `notMember`. It is kept as long as a message, and as long as it is of the last key change; afterwards `unknownBundle`.',
    answer: keyBundleAnswer,
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

/** Whether the body of such a request is to be handed on in bytes as they come. */
export function hasByteBody(method: string, path: string): boolean {
  return inBytes.has(`${method} ${path}`);
}

// ---

const inBytes: ReadonlySet<string> = new Set(
  Object.values<Route>(routes)
    .filter(({ bytes, isLarge }) => bytes === 'body' || isLarge)
    .map(({ method, path }) => `${method} ${path}`),
);
