/** Every limit of the protocol, by name. A server may be configured lower, never higher. Announced in `welcome`. */
export const limits = {
  /** One WebSocket text frame of a client, in bytes of UTF-8. */
  frameBytesMax: 64 * 1024,
  /** One of a server: the members of the largest group have the longest names. */
  serverFrameBytesMax: 80 * 1024,
  /** Base64url characters of one payload. */
  payloadCharsMax: 60_000,
  /** Bytes of one JSON HTTP body. */
  bodyBytesMax: 64 * 1024,
  /** Bytes of one blob, as it is stored: an encrypted image. */
  blobBytesMax: 25 * 1024 * 1024,
  nameCharsMax: 64,
  passwordCharsMin: 8,
  passwordCharsMax: 256,
  deviceLabelCharsMax: 64,
  groupTitleCharsMax: 128,
  groupMembersMax: 1000,
  /** Users that one operation brings or takes away. */
  usersPerChangeMax: 256,
  /** Base64url characters of one key package. */
  keyPackageCharsMax: 8192,
  /** Single-use key packages kept for one device; when there are more, the oldest are forgotten. */
  keyPackagesPerDeviceMax: 100,
  /** Devices of one user for which a claim answers a key package. */
  devicesPerClaimMax: 64,
  /** Base64url characters of each part of a key bundle. */
  keyBundlePartCharsMax: 1024 * 1024,
  /** Key bundles of one device that wait for a key change; when there are more, the oldest are forgotten. */
  keyBundlesWaitingMax: 8,
  /** Bytes of one JSON HTTP body with key packages or a key bundle. */
  keyBodyBytesMax: 3 * 1024 * 1024 + 64 * 1024,
  /** Conversations that one user may be a member of. */
  conversationsPerUserMax: 10_000,
  /** Members of a group in which receipts and typing are told; in larger ones nobody gets them. */
  ephemeralMembersMax: 50,
  /** That somebody is typing is said this often at most. */
  typingRepeatMs: 3000,
  /** And believed for so long. */
  typingLifeMs: 7000,
  /** Users whose presence one connection may watch. */
  presenceWatchMax: 500,
  /** Operations of one session that wait for an answer; more are refused with `busy`. */
  inFlightPerSessionMax: 1024,
  /** Malformed frames in one minute before the connection is closed with 4004. */
  malformedPerMinuteMax: 20,
  /** Bytes waiting for a slow reader before the server stops pushing and lets it catch up from the database. */
  sessionBufferBytesMax: 1024 * 1024,
} as const;

export type Limits = { readonly [name in keyof typeof limits]: number };
