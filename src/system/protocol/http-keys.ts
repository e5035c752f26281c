/** Bodies with what devices leave for each other: key packages and key bundles. All opaque, in base64url without padding. */
import { z } from 'zod';
import { bundleId, deviceId } from './frames.ts';
import { limits } from './limits.ts';

const opaque = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[A-Za-z0-9_-]*$/);
const keyPackage = z.strictObject({ package: opaque(limits.keyPackageCharsMax) });
export const keyPackagesBody = z.strictObject({
  packages: z
    .array(keyPackage)
    .max(limits.keyPackagesPerDeviceMax)
    .describe('`{package}` each, in base64url without padding. Given to others once, the oldest first.'),
  lastResort: keyPackage
    .optional()
    .describe('`{package}`, given when no other is left, as often as need be; takes the place of the one before.'),
  replace: z
    .boolean()
    .optional()
    .describe('Forget all that the device uploaded before, as when it has lost their private keys.'),
});
export const keyPackagesAnswer = z.strictObject({
  left: z.int().min(0).describe('Single-use packages that the device has there.'),
});
export const claimAnswer = z.strictObject({
  devices: z
    .array(z.strictObject({ device: deviceId, keyPackage: z.string() }))
    .max(limits.devicesPerClaimMax)
    .describe('`{device, keyPackage}` for each device, ascending.'),
});
const bundlePart = opaque(limits.keyBundlePartCharsMax);
export const keyBundleBody = z.strictObject({
  welcome: bundlePart.optional().describe('For those whom the key change adds.'),
  groupInfo: bundlePart.describe('For a new device of a member, to come in by itself.'),
  commit: bundlePart.optional().describe('For those who are members already, when it is too long for a frame.'),
});
export const keyBundleUploaded = z.strictObject({ bundle: bundleId });
export const keyBundleAnswer = z.strictObject({
  welcome: bundlePart.nullable().describe('Null when the change adds nobody.'),
  groupInfo: bundlePart,
  commit: bundlePart.nullable().describe('Null when it is in the entry, or there is none.'),
});

export type KeyPackagesBody = z.infer<typeof keyPackagesBody>;
export type ClaimAnswer = z.infer<typeof claimAnswer>;
export type KeyBundleBody = z.infer<typeof keyBundleBody>;
export type KeyBundleAnswer = z.infer<typeof keyBundleAnswer>;
