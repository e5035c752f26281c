/** Every frame of the WebSocket `/v1/socket`, both ways. One JSON text frame is one message. `docs/protocol.md` is made from this file. */
import { z } from 'zod';
import { ephemeralClientFrames, ephemeralServerFrames } from './ephemeral-frames.ts';
import { type ErrorCode, errorCodes } from './errors.ts';
import {
  at,
  bundleId,
  clientId,
  conversationId,
  deviceId,
  payload,
  seq,
  serverId,
  shownText,
  userName,
} from './fields.ts';
import type { ClientId, DeviceId, Seq } from './ids.ts';
import { limits } from './limits.ts';

export * from './fields.ts';

/** Path of the socket. */
export const socketPath = '/v1/socket';

const title = shownText(limits.groupTitleCharsMax).describe('Title of the group, for people.');
const epoch = z
  .int()
  .min(0)
  .describe('Epoch of the keys that the payload was encrypted under: the conversation’s; 0 without encryption.');
const sealed = seq.describe(
  'Place of the last entry by which somebody left since the last key change; 0 when nobody did.',
) as unknown as z.ZodType<Seq>;
const users = z
  .array(userName)
  .min(1)
  .max(limits.usersPerChangeMax)
  .refine((names) => new Set(names.map((name) => name.toLowerCase())).size === names.length, 'somebody is named twice')
  .describe('Distinct; all or nothing.');

/** New keys, with the change that needs them. The server looks at the numbers only. */
const keyChange = z.strictObject({
  epoch: z.int().min(0).describe('The epoch in which they were made; the conversation’s becomes one more.'),
  sealed: sealed.optional(),
  commit: payload.optional(),
  bundle: bundleId.optional(),
});
const keys = keyChange
  .optional()
  .describe(
    'New keys: `{epoch, sealed?, commit?, bundle?}`. `epoch` is the conversation’s epoch in which they were made (0 when it is created by this), `sealed` its seal then (left out: 0); unless both are still so, nothing happens (`staleEpoch`). The epoch becomes `epoch + 1`, the seal 0. `commit` is for those who are members already: opaque, base64url, and together with the names in the frame at most `payloadCharsMax` characters; a longer one goes into the bundle. `bundle` is the id of one that this device uploaded and that served no change before.',
  );
/** So that the entry that comes of it fits into a frame. */
const fits = [
  (frame: { users?: readonly string[] | undefined; keys?: { commit?: string | undefined } | undefined }) =>
    changeChars(frame) <= limits.payloadCharsMax,
  `names and commit together have more than ${limits.payloadCharsMax} characters`,
] as const;

/** What counts against `payloadCharsMax` in a change of membership. */
export function changeChars(frame: {
  readonly users?: readonly string[] | undefined;
  readonly keys?: { readonly commit?: string | undefined } | undefined;
}): number {
  const { users = [], keys } = frame;
  return users.reduce((sum, name) => sum + name.length, keys?.commit?.length ?? 0);
}

/** What a client may send. Every operation that writes carries a `clientId` and is answered by `accepted` or `refused`. */
export const clientFrame = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('hello'),
      token: z.string().min(1).max(128).describe('From `POST /v1/sessions`.'),
      cursors: z
        .array(z.tuple([conversationId, seq]))
        .max(limits.conversationsPerUserMax)
        .optional()
        .describe(
          'Pairs `[conversation, seq]`: the device has stored everything up to there. Conversations left out count from the server’s own record.',
        ),
      receipts: z.boolean().optional().describe('Whether `receipt` frames are wanted; without it there are none.'),
      typing: z.boolean().optional().describe('Whether `typing` frames are wanted; without it there are none.'),
    })
    .describe('The first frame. Answered by `welcome`, the conversations, what was missed, and `caughtUp`.'),
  z
    .strictObject({ type: z.literal('send'), clientId, conversation: conversationId, epoch, payload })
    .describe('A message.'),
  z
    .strictObject({ type: z.literal('openDirect'), clientId, with: userName, keys })
    .describe(
      'Opens the direct conversation with a user. There is one for two people: if it exists, the answer names it, and `keys` count for nothing.',
    ),
  z
    .strictObject({ type: z.literal('createGroup'), clientId, title, users: users.optional(), keys })
    .refine(...fits)
    .describe('Creates a group of oneself, its admin, and of `users`.'),
  z
    .strictObject({ type: z.literal('invite'), clientId, conversation: conversationId, users, keys })
    .refine(...fits)
    .describe('Adds users to a group. Admin only. In an encrypted group only with `keys`.'),
  z
    .strictObject({ type: z.literal('remove'), clientId, conversation: conversationId, users, keys })
    .refine(...fits)
    .describe('Removes users from a group. Admin only. In an encrypted group only with `keys`.'),
  z
    .strictObject({ type: z.literal('leave'), clientId, conversation: conversationId })
    .describe(
      'Leaves a group. When the admin leaves, the longest-standing member becomes admin. Nobody can make keys that oneself has not: an encrypted group is sealed by it, and takes no messages until somebody else changes the keys.',
    ),
  z
    .strictObject({ type: z.literal('commit'), clientId, conversation: conversationId, keys: keyChange })
    .describe(
      'Changes the keys and nothing else: after somebody left, for a device that joins, or to renew them. `keys` as above. Any member may.',
    ),
  z
    .strictObject({ type: z.literal('ack'), conversation: conversationId, upTo: seq })
    .describe('Everything up to and with `upTo` is stored on the device. Cumulative; never answered.'),
  ...ephemeralClientFrames,
  z.strictObject({ type: z.literal('ping') }).describe('A sign of life. Answered by `pong`.'),
]);
export type ClientFrame = z.infer<typeof clientFrame>;
/** The frames that write and are answered. */
export type OperationFrame = Extract<ClientFrame, { clientId: ClientId }>;

const conversationKind = z.enum(['direct', 'group']);
export type ConversationKind = z.infer<typeof conversationKind>;

/** Where an entry stands and whose it is; the head of both kinds of entries. */
const entryHead = {
  conversation: conversationId,
  seq,
  at,
  sender: userName,
  device: deviceId.describe('The sender’s device.') as unknown as z.ZodType<DeviceId>,
  clientId: clientId.describe('The sender’s client id.') as unknown as z.ZodType<ClientId>,
};

export const messageFrame = z
  .strictObject({ type: z.literal('message'), ...entryHead, epoch, payload })
  .describe(
    'A message of the conversation. When `device` and `clientId` are one’s own, it also means that the operation was accepted.',
  );
export const membershipFrame = z
  .strictObject({
    type: z.literal('membership'),
    ...entryHead,
    change: z
      .enum(['created', 'added', 'removed', 'left', 'ended', 'rekeyed'])
      .describe(
        '`left` also for a member of a group who has deleted the account. `ended`: one of the two of a direct conversation has; it is over for both. `rekeyed`: new keys and nothing else.',
      ),
    users: z
      .array(userName)
      .describe('Those who came (`created`, `added`) or went (`removed`, `left`, `ended`); nobody for `rekeyed`.'),
    admin: userName
      .nullable()
      .describe('The admin after the change; null in a direct conversation and in a group that everybody has left.'),
    keys: z
      .strictObject({ epoch: z.int().min(1), commit: payload.nullable(), bundle: bundleId.nullable() })
      .optional()
      .describe(
        'The new keys, when the change brought some: the epoch from here on, the commit and the bundle, or null. Without a commit, it is in the bundle, or nobody was a member before.',
      ),
  })
  .describe(
    'A change of who belongs to the conversation, or of its keys; it takes a place in the sequence like a message.',
  );

/** What a server may send. */
export const serverFrame = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('welcome'),
      user: userName,
      device: deviceId,
      server: serverId,
      heartbeatMs: z
        .int()
        .min(1)
        .describe(
          'A client sends something at least this often, and gives the server up after twice this without a frame.',
        ),
      limits: z.record(z.string(), z.int()).describe('The limits in force, by name.'),
    })
    .describe('The token is good.'),
  z
    .strictObject({
      type: z.literal('conversation'),
      conversation: conversationId,
      kind: conversationKind,
      title: z.string().describe('Empty for a direct conversation.'),
      admin: userName.nullable(),
      members: z.array(userName).describe('Members now.'),
      epoch: z.int().min(0).describe('Epoch of its keys now; 0 without encryption.'),
      sealed,
      bundle: bundleId
        .nullable()
        .describe('That of the last key change; its group info lets a new device join. Null without.'),
      lastSeq: seq.describe('The last entry that exists now.') as unknown as z.ZodType<Seq>,
      after: seq.describe('Entries after this one follow.') as unknown as z.ZodType<Seq>,
    })
    .describe(
      'Sent for each conversation after `welcome`, and when the user comes to a new one; before its first entry.',
    ),
  messageFrame,
  membershipFrame,
  z
    .strictObject({
      type: z.literal('expired'),
      conversation: conversationId,
      from: seq.describe('The first place.') as unknown as z.ZodType<Seq>,
      to: seq.describe('The last place; the next entry follows it.') as unknown as z.ZodType<Seq>,
    })
    .describe(
      'Everything from `from` to `to` was messages, and they have waited longer than the server keeps them: they never come. Sent instead of them, in their place; acknowledged like them. Changes of membership do not expire. Exact: between two places that a user sees, only what was written while they were no member is passed over without this.',
    ),
  z.strictObject({ type: z.literal('caughtUp') }).describe('All that existed at `hello` has been sent.'),
  z
    .strictObject({ type: z.literal('accepted'), clientId, conversation: conversationId, seq, at })
    .describe('The operation is committed, at this place in the conversation. Also the answer to every repetition.'),
  z
    .strictObject({
      type: z.literal('refused'),
      clientId: clientId.optional().describe('Absent when the frame could not be read so far.'),
      code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]).describe('See the table of errors.'),
      detail: z.string().optional().describe('For people.'),
      retryAfterMs: z.int().optional(),
    })
    .describe('The operation was refused; the error’s entry says whether it certainly did not happen.'),
  ...ephemeralServerFrames,
  z.strictObject({ type: z.literal('pong') }).describe('Answers `ping`.'),
  z
    .strictObject({
      type: z.literal('goAway'),
      reconnectAfterMs: z
        .int()
        .describe('Come back after this; it differs between clients so that they do not come at once.'),
    })
    .describe('The server will close soon. New operations are refused with `busy`.'),
]);
export type ServerFrame = z.infer<typeof serverFrame>;
export type Entry = Extract<ServerFrame, { type: 'message' | 'membership' }>;
export type MessageEntry = Extract<Entry, { type: 'message' }>;
export type MembershipEntry = Extract<Entry, { type: 'membership' }>;
export type ConversationFrame = Extract<ServerFrame, { type: 'conversation' }>;
export type ExpiredFrame = Extract<ServerFrame, { type: 'expired' }>;
export type AcceptedFrame = Extract<ServerFrame, { type: 'accepted' }>;
export type ReceiptFrame = Extract<ServerFrame, { type: 'receipt' }>;
export type TypingFrame = Extract<ServerFrame, { type: 'typing' }>;
export type PresenceFrame = Extract<ServerFrame, { type: 'presence' }>;
export type RefusedFrame = Extract<ServerFrame, { type: 'refused' }>;
