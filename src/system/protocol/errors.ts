/**
 * Every way the system says no. `definite: true` means the operation certainly did not happen; `false` means it may have
 * happened and the client must find out by repeating it with the same client id.
 */
export interface ErrorEntry {
  readonly definite: boolean;
  /** HTTP status when the error answers a request. */
  readonly status: number;
  readonly meaning: string;
}

export const errors = {
  malformed: {
    definite: true,
    status: 400,
    meaning: 'The frame or body is not valid JSON or breaks its schema; `detail` names the field.',
  },
  tooLarge: { definite: true, status: 413, meaning: 'The frame, body or payload is over its limit.' },
  unauthenticated: {
    definite: true,
    status: 401,
    meaning: 'No token, or the token is unknown, expired or signed out; or the name and password do not fit together.',
  },
  nameTaken: { definite: true, status: 409, meaning: 'The name, or one that looks like it, is or was somebody’s.' },
  nameReserved: {
    definite: true,
    status: 409,
    meaning: 'The name, or one that it looks like, is kept for the system.',
  },
  wrongPassword: {
    definite: true,
    status: 403,
    meaning: 'The token is good, but the password that goes with the request is not the user’s.',
  },
  unknownDevice: { definite: true, status: 404, meaning: 'The user has no such device.' },
  unknownUser: { definite: true, status: 404, meaning: 'No user has this name, or the user has deleted the account.' },
  unknownPath: { definite: true, status: 404, meaning: 'No such resource.' },
  notMember: {
    definite: true,
    status: 403,
    meaning: 'The conversation does not exist or the sender is not a member of it now.',
  },
  notAdmin: { definite: true, status: 403, meaning: 'Only the admin of the group may do this.' },
  notGroup: { definite: true, status: 400, meaning: 'The operation needs a group; this is a direct conversation.' },
  alreadyMember: { definite: true, status: 409, meaning: 'The user is a member of the group already.' },
  groupFull: { definite: true, status: 409, meaning: 'The group has as many members as it may have.' },
  staleEpoch: {
    definite: true,
    status: 409,
    meaning:
      'The keys changed, or somebody left, since this was encrypted. What happened meanwhile has been sent: take it in, then encrypt and ask anew.',
  },
  keysNeeded: {
    definite: true,
    status: 409,
    meaning: 'The conversation is encrypted: a change of its members must bring new keys (`keys`).',
  },
  unknownBundle: {
    definite: true,
    status: 404,
    meaning: 'There is no such key bundle (any more), another device uploaded it, or it served a key change before.',
  },
  tooMany: { definite: true, status: 429, meaning: 'A rate limit was reached; try again after `retryAfterMs`.' },
  busy: {
    definite: true,
    status: 503,
    meaning: 'A queue of the server is full, or the server is draining; try again, perhaps elsewhere.',
  },
  outOfOrder: {
    definite: true,
    status: 400,
    meaning: 'The frame is not allowed now, for example a second `hello` or anything before it.',
  },
  clientIdReused: {
    definite: true,
    status: 409,
    meaning: 'This device used the client id for a different operation before.',
  },
  databaseDown: { definite: true, status: 503, meaning: 'The database could not be reached; nothing was written.' },
  uncertain: {
    definite: false,
    status: 500,
    meaning:
      'The connection to the database broke while the operation was being written: it may have happened. Repeat it with the same client id.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errors;

export const errorCodes: readonly ErrorCode[] = Object.keys(errors) as ErrorCode[];

/** Codes of a closed WebSocket, with what a client should do. */
export const closeCodes = {
  1000: 'The client said goodbye.',
  1009: 'A frame was over the size limit. Do not send it again.',
  4001: 'The token is not valid: sign in again.',
  4002: 'No `hello` in time, or no sign of life for two heartbeats: reconnect.',
  4003: 'The server is draining: reconnect after the announced delay; another server will answer.',
  4004: 'Too many malformed frames, or too many frames at all: a defect of the client.',
  4008: 'The reader was too slow for too long: reconnect and catch up.',
  4009: 'A newer connection of the same device took over: do not reconnect by yourself.',
  4010: 'Another connection of the same device began later, perhaps one that was given up: reconnect, and repeat what was not answered.',
  4012: 'This user or this address has too many connections at this server: close others, or come again later.',
  4011: 'The server failed inside: reconnect with backoff.',
} as const;

export type CloseCode = keyof typeof closeCodes;
