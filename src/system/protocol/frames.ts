/** Every frame of the WebSocket `/v1/socket`, both ways. One JSON text frame is one message. */
import { z } from 'zod';
import { type ErrorCode, errorCodes } from './errors.ts';
import type { ClientId, ConversationId, DeviceId, Seq, ServerId, UserName } from './ids.ts';
import { limits } from './limits.ts';

const id = z.int().min(1);
export const conversationId = id as unknown as z.ZodType<ConversationId>;
export const deviceId = id as unknown as z.ZodType<DeviceId>;
export const seq = z.int().min(0) as unknown as z.ZodType<Seq>;
export const clientId = id as unknown as z.ZodType<ClientId>;
export const serverId = z.string().min(1).max(64) as unknown as z.ZodType<ServerId>;

/** Letters, digits, and `. _ -` inside: what a user may be called. */
export const userName = z
  .string()
  .max(limits.nameCharsMax)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/) as unknown as z.ZodType<UserName>;

/** Opaque bytes in base64url without padding. The server never looks inside. */
export const payload = z
  .string()
  .max(limits.payloadCharsMax)
  .regex(/^[A-Za-z0-9_-]*$/);
const title = z.string().min(1).max(limits.groupTitleCharsMax);
/** Epoch of the group's keys (MLS) that the payload was encrypted under; 0 without encryption. */
const epoch = z.int().min(0);
const at = z.int().min(0);

const operation = { clientId };

/** What a client may send. Every operation that writes carries a `clientId` and is answered by `accepted` or `refused`. */
export const clientFrame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    token: z.string().min(1).max(128),
    /** What the device has stored, per conversation: `[conversation, seq]`. Absent conversations count from the server's own record. */
    cursors: z
      .array(z.tuple([conversationId, seq]))
      .max(limits.conversationsPerUserMax)
      .optional(),
  }),
  z.strictObject({ type: z.literal('send'), ...operation, conversation: conversationId, epoch, payload }),
  z.strictObject({ type: z.literal('openDirect'), ...operation, with: userName }),
  z.strictObject({ type: z.literal('createGroup'), ...operation, title }),
  z.strictObject({ type: z.literal('invite'), ...operation, conversation: conversationId, user: userName }),
  z.strictObject({ type: z.literal('remove'), ...operation, conversation: conversationId, user: userName }),
  z.strictObject({ type: z.literal('leave'), ...operation, conversation: conversationId }),
  /** Everything up to and with `upTo` is stored on the device. Cumulative; never answered. */
  z.strictObject({ type: z.literal('ack'), conversation: conversationId, upTo: seq }),
  z.strictObject({ type: z.literal('ping') }),
]);
export type ClientFrame = z.infer<typeof clientFrame>;
/** The frames that write and are answered. */
export type OperationFrame = Extract<ClientFrame, { clientId: ClientId }>;

const conversationKind = z.enum(['direct', 'group']);
export type ConversationKind = z.infer<typeof conversationKind>;

const entryHead = { conversation: conversationId, seq, at, sender: userName, device: deviceId, clientId };

/** A message, as stored and as delivered. Its `device` and `clientId` are the sender's: equal to one's own, it also means "accepted". */
export const messageFrame = z.strictObject({ type: z.literal('message'), ...entryHead, epoch, payload });
/** A change of who belongs to the conversation; it takes a place in the sequence like a message. */
export const membershipFrame = z.strictObject({
  type: z.literal('membership'),
  ...entryHead,
  change: z.enum(['created', 'added', 'removed', 'left']),
  /** Those who came (`created`, `added`) or went (`removed`, `left`). */
  users: z.array(userName),
  /** The admin after the change; null in a direct conversation and in a group that everybody has left. */
  admin: userName.nullable(),
});

/** What a server may send. */
export const serverFrame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('welcome'),
    user: userName,
    device: deviceId,
    server: serverId,
    /** A client sends something at least this often, and gives the server up after twice this without a frame. */
    heartbeatMs: z.int().min(1),
    limits: z.record(z.string(), z.int()),
  }),
  /** Sent for each conversation after `welcome`, and when the user comes to a new one; before its first entry. */
  z.strictObject({
    type: z.literal('conversation'),
    conversation: conversationId,
    kind: conversationKind,
    title: z.string(),
    admin: userName.nullable(),
    members: z.array(userName),
    /** The last entry that exists now. */
    lastSeq: seq,
    /** Entries after this one follow. */
    after: seq,
  }),
  messageFrame,
  membershipFrame,
  /** All that existed at `hello` has been sent. */
  z.strictObject({ type: z.literal('caughtUp') }),
  z.strictObject({ type: z.literal('accepted'), clientId, conversation: conversationId, seq, at }),
  z.strictObject({
    type: z.literal('refused'),
    /** Absent when the frame could not be read so far. */
    clientId: clientId.optional(),
    code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]),
    detail: z.string().optional(),
    retryAfterMs: z.int().optional(),
  }),
  z.strictObject({ type: z.literal('pong') }),
  /** The server will close soon; come back after the delay. */
  z.strictObject({ type: z.literal('goAway'), reconnectAfterMs: z.int() }),
]);
export type ServerFrame = z.infer<typeof serverFrame>;
export type Entry = Extract<ServerFrame, { type: 'message' | 'membership' }>;
export type MessageEntry = Extract<Entry, { type: 'message' }>;
export type MembershipEntry = Extract<Entry, { type: 'membership' }>;
export type ConversationFrame = Extract<ServerFrame, { type: 'conversation' }>;
export type AcceptedFrame = Extract<ServerFrame, { type: 'accepted' }>;
export type RefusedFrame = Extract<ServerFrame, { type: 'refused' }>;

/** Path of the socket. */
export const socketPath = '/v1/socket';
