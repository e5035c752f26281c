/** Frames of receipts, typing and presence: never stored as entries, never answered, and told to those only who asked. */
import { z } from 'zod';
import { at, conversationId, seq, userName } from './fields.ts';
import type { Seq } from './ids.ts';
import { limits } from './limits.ts';

export const ephemeralClientFrames = [
  z
    .strictObject({ type: z.literal('read'), conversation: conversationId, upTo: seq })
    .describe(
      'The user has read everything up to and with `upTo`; what the device was not sent does not count. Cumulative; never answered. To be said after `caughtUp`, and said again after a reconnect if the connection was lost soon after it.',
    ),
  z
    .strictObject({ type: z.literal('typing'), conversation: conversationId })
    .describe(
      'The user is typing. To be repeated every `typingRepeatMs` while it lasts; more often is swallowed. Never stored, never answered.',
    ),
  z
    .strictObject({
      type: z.literal('presence'),
      watch: z
        .array(userName)
        .max(limits.presenceWatchMax)
        .describe('Whom to hear of from now on, instead of those named before.'),
    })
    .describe(
      'Asks for the presence of users. One hears of those who share a conversation with oneself, for as long as they do; the others, and names that nobody has, are as if they had not been named. Holds for this connection; never answered.',
    ),
] as const;

export const ephemeralServerFrames = [
  z
    .strictObject({
      type: z.literal('receipt'),
      conversation: conversationId,
      user: userName,
      delivered: seq.describe(
        'At least one of the user’s devices has stored everything up to here.',
      ) as unknown as z.ZodType<Seq>,
      read: seq.describe(
        'The user has read everything up to here; never more than `delivered`.',
      ) as unknown as z.ZodType<Seq>,
    })
    .describe(
      'How far a member has come. Sent to those who asked in `hello`: how it is now, one’s own pointers included, before or soon after `caughtUp` and for each new conversation; then when a pointer of another member has moved, at most one for each user and conversation in a quarter of a second. On one connection and from one to the next, the pointers of a user never go back. Not sent in groups of more than `ephemeralMembersMax` members.',
    ),
  z
    .strictObject({ type: z.literal('typing'), conversation: conversationId, user: userName })
    .describe(
      'A member is typing. It holds for `typingLifeMs`, or until an entry of theirs comes. Sent to those who asked in `hello`, in groups of up to `ephemeralMembersMax` members.',
    ),
  z
    .strictObject({
      type: z.literal('presence'),
      users: z
        .array(
          z.strictObject({
            user: userName,
            online: z.boolean().describe('Connected with at least one device.'),
            at: at.describe('Online: since when. Not online: when last seen; 0 when never.'),
          }),
        )
        .describe(
          'Of each: `user`, `online` (connected with at least one device), and `at` (online: since when; else when last seen, 0 when never).',
        ),
    })
    .describe(
      'How it is with watched users: with all of them soon after the `presence` frame that named them, then with those that have changed. Who is gone for a few seconds only was never gone.',
    ),
] as const;
