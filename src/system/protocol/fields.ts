/** Fields that frames and HTTP bodies share. */
import { z } from 'zod';
import type { BundleId, ClientId, ConversationId, DeviceId, Seq, ServerId, UserName } from './ids.ts';
import { limits } from './limits.ts';

const id = z.int().min(1);
export const conversationId = id.describe('Id of a conversation.') as unknown as z.ZodType<ConversationId>;
export const deviceId = id.describe('Id of a device.') as unknown as z.ZodType<DeviceId>;
export const seq = z
  .int()
  .min(0)
  .describe('Place in the conversation: 1, 2, 3 … without gaps; 0 is before the first.') as unknown as z.ZodType<Seq>;
export const clientId = id.describe(
  'Chosen by the device for one operation, never used for another on that device; a counter is best. Retries repeat it.',
) as unknown as z.ZodType<ClientId>;
export const serverId = z.string().min(1).max(64).describe('Name of a server.') as unknown as z.ZodType<ServerId>;

/** Letters, digits, and `. _ -` inside: what a user may be called. Case is kept but does not tell names apart. */
export const userName = z
  .string()
  .max(limits.nameCharsMax)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/)
  .describe('Name of a user; case is kept but does not tell names apart.') as unknown as z.ZodType<UserName>;

/**
 * Text that is shown to people. Refused are characters by which it would pretend to be something else, or break the line it
 * stands in: controls, lone halves of characters, line and paragraph separators, and what turns the direction of writing
 * (Unicode Standard Annex #9, explicit directional formatting). The marks U+200E and U+200F turn nothing and are allowed.
 */
export function shownText(charsMax: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]*$/u);
}

/** Opaque bytes in base64url without padding. The server never looks inside. */
export const payload = z
  .string()
  .max(limits.payloadCharsMax)
  .regex(/^[A-Za-z0-9_-]*$/)
  .describe('Opaque bytes in base64url without padding; the server never looks inside.');
export const bundleId = id.describe('Id of a key bundle.') as unknown as z.ZodType<BundleId>;
export const at = z.int().min(0).describe('When the server accepted it, milliseconds since 1970-01-01 UTC.');
