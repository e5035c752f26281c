import type { ServerId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { ServerSettings } from './contract.ts';

type NumberSetting = Exclude<keyof ServerSettings, 'server'>;

export interface SettingEntry {
  readonly value: number;
  readonly unit: 'ms' | 'bytes' | 'characters' | 'count';
  /** Smallest value that makes sense. */
  readonly min: number;
  /** Largest value, where the protocol has one. */
  readonly max?: number;
  readonly why: string;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Every numeric setting of a server: default, unit, bounds and reason. */
export const serverSettingTable: { readonly [name in NumberSetting]: SettingEntry } = {
  heartbeatMs: { value: 15 * second, unit: 'ms', min: 1, why: 'A dead peer is noticed within twice this.' },
  helloMs: { value: 10 * second, unit: 'ms', min: 1, why: 'A connection that says nothing holds memory no longer.' },
  batchWaitMs: { value: 4, unit: 'ms', min: 0, why: 'Fewer, larger commits for a delay that nobody feels.' },
  batchSizeMax: { value: 512, unit: 'count', min: 1, why: 'One statement stays short, so that its locks do.' },
  batchBytesMax: { value: 4 * mebibyte, unit: 'bytes', min: 1, why: 'The same for large payloads.' },
  queueMax: { value: 16_384, unit: 'count', min: 1, why: 'Operations in flight in the whole server; more are `busy`.' },
  queueBytesMax: { value: 32 * mebibyte, unit: 'bytes', min: 1, why: 'Memory of the operations in flight.' },
  changesMax: { value: 8, unit: 'count', min: 1, why: 'Changes of membership may not take all database connections.' },
  repeatFirstMs: {
    value: 5 * second,
    unit: 'ms',
    min: 0,
    why: 'After a send that must be repeated, later ones of the conversation wait for it this long: keeps the order.',
  },
  ackFlushMs: { value: second, unit: 'ms', min: 0, why: 'Many acks become one row; clients claim cursors anyway.' },
  backstopMs: { value: 5 * second, unit: 'ms', min: 1, why: 'A lost hint delays a message by this at most.' },
  recheckMs: {
    value: minute,
    unit: 'ms',
    min: 1,
    why: 'A lost hint about a new conversation, or a token ended elsewhere, is noticed within this.',
  },
  gapWaitMs: {
    value: 25,
    unit: 'ms',
    min: 0,
    why: 'Hints of two servers overtake each other; waiting a little saves reading back.',
  },
  slowReaderMs: { value: 30 * second, unit: 'ms', min: 1, why: 'A phone in a tunnel may come back.' },
  sessionBufferBytesMax: {
    value: limits.sessionBufferBytesMax,
    unit: 'bytes',
    min: 1,
    max: limits.sessionBufferBytesMax,
    why: 'Memory of one slow reader; at twice this the connection is closed at once.',
  },
  backlogPage: { value: 128, unit: 'count', min: 1, why: 'One read stays short and its answer small.' },
  readsMax: { value: 8, unit: 'count', min: 1, why: 'A reconnect storm may not crowd out the sends.' },
  hintFrameCharsMax: { value: 2 * kibibyte, unit: 'characters', min: 0, why: 'Small frames travel with their hint.' },
  ephemeralWindowMs: {
    value: 250,
    unit: 'ms',
    min: 0,
    why: 'What changes several times in this time is told once; the first change after a pause at once.',
  },
  ephemeralMembersMax: {
    value: limits.ephemeralMembersMax,
    unit: 'count',
    min: 0,
    max: limits.ephemeralMembersMax,
    why: 'Receipts and typing cost members times members; larger groups have none.',
  },
  ephemeralQueueMax: {
    value: 16_384,
    unit: 'count',
    min: 1,
    why: 'Read pointers waiting to be written, and news waiting for other servers; more are given up.',
  },
  presenceGraceMs: {
    value: 5 * second,
    unit: 'ms',
    min: 0,
    why: 'Who reconnects within this was never gone: nobody sees a flicker.',
  },
  presenceWindowMs: {
    value: second,
    unit: 'ms',
    min: 0,
    why: 'Those who come and go within this are written together.',
  },
  presenceLeaseMs: {
    value: 15 * second,
    unit: 'ms',
    min: 3,
    why: 'Users of a server that died are online for this much longer; it is renewed three times as often.',
  },
  presenceRefreshMs: {
    value: 30 * second,
    unit: 'ms',
    min: 1,
    why: 'A lost signal about presence is made good within this.',
  },
  presenceWatchesMax: {
    value: 200_000,
    unit: 'count',
    min: 0,
    why: 'Watched users, summed over all sessions: memory; more are not watched.',
  },
  retryMs: { value: 500, unit: 'ms', min: 1, why: 'How soon the database is asked again after it failed.' },
  drainMs: { value: 10 * second, unit: 'ms', min: 1, why: 'What a supervisor usually grants before it kills.' },
  tokenLifeMs: { value: 30 * day, unit: 'ms', min: 1, why: 'A month without a password.' },
  expiryMs: { value: 7 * day, unit: 'ms', min: 1, why: 'How long a message waits for a member who is away.' },
  expiryEveryMs: { value: 10 * minute, unit: 'ms', min: 1, why: 'Often enough to keep each round small.' },
  expiryBatch: { value: 1000, unit: 'count', min: 1, why: 'Deleting in small steps blocks no writer.' },
  blobUploadsMax: { value: 64, unit: 'count', min: 1, why: 'Each holds one chunk in memory; more are `busy`.' },
  blobDownloadsMax: { value: 128, unit: 'count', min: 1, why: 'The same for those who read.' },
  blobUploadsPerUserMax: { value: 4, unit: 'count', min: 1, why: 'Nobody takes all places; more are `tooMany`.' },
  blobDownloadsPerUserMax: { value: 8, unit: 'count', min: 1, why: 'A page of images loads side by side.' },
  blobBytesPerUserPerDay: {
    value: 1024 * mebibyte,
    unit: 'bytes',
    min: limits.blobBytesMax,
    why: 'Forty of the largest images; what a user can fill of the disk is this for each day of `expiryMs`.',
  },
  blobCallsMax: {
    value: 4,
    unit: 'count',
    min: 1,
    why: 'Chunks written and read at once: images wait, messages do not.',
  },
  blobUnfinishedMs: { value: hour, unit: 'ms', min: 1, why: 'Longer than any upload takes; cleans up after a crash.' },
  blobExpiryBatch: { value: 8, unit: 'count', min: 1, why: 'At most 200 MiB deleted in one step.' },
  keyClaimsPerMinute: {
    value: 600,
    unit: 'count',
    min: 1,
    why: 'Groups of hundreds at once; nobody empties all devices.',
  },
  keyUploadsPerMinute: { value: 120, unit: 'count', min: 1, why: 'A bundle goes with each change of keys.' },
  keyTransfersMax: { value: 32, unit: 'count', min: 1, why: 'Each holds up to 3 MiB in memory; more are `busy`.' },
  keyTransfersPerUserMax: { value: 4, unit: 'count', min: 1, why: 'Nobody takes all places; more are `tooMany`.' },
  keyBundleWaitMs: {
    value: hour,
    unit: 'ms',
    min: 1,
    why: 'The key change follows at once, or after a lost connection.',
  },
  keyExpiryBatch: { value: 32, unit: 'count', min: 1, why: 'At most 100 MiB deleted in one step.' },
  passwordsMax: { value: 4, unit: 'count', min: 1, why: 'Argon2id takes a core and much memory for each.' },
  passwordQueueMax: { value: 1024, unit: 'count', min: 0, why: 'Sign-ups and sign-ins waiting; more are `busy`.' },
  signInPerMinutePerName: { value: 10, unit: 'count', min: 1, why: 'Guessing one password stays hopeless.' },
  signInPerMinutePerAddress: { value: 120, unit: 'count', min: 1, why: 'An office behind one address still works.' },
  requestsPerMinutePerAddress: {
    value: 3000,
    unit: 'count',
    min: 1,
    why: 'Each asks the database; guessing tokens is dear.',
  },
  lookupsPerMinutePerUser: { value: 300, unit: 'count', min: 1, why: 'Nobody collects the names of all users.' },
  sendsPerSecPerUser: { value: 100, unit: 'count', min: 1, why: 'Far above people, enough for a bot.' },
  sendBurstPerUser: { value: 1000, unit: 'count', min: 1, why: 'An outbox that waited in a tunnel goes out at once.' },
  sendsPerSecPerAddress: { value: 2000, unit: 'count', min: 1, why: 'Many accounts do not help against the limit.' },
  sendBurstPerAddress: { value: 20_000, unit: 'count', min: 1, why: 'An office that comes back together.' },
  changesPerMinutePerUser: { value: 600, unit: 'count', min: 1, why: 'Nobody is flooded with conversations.' },
  framesPerSecPerConnection: { value: 1000, unit: 'count', min: 1, why: 'Reading frames costs, whatever they say.' },
  frameBurstPerConnection: {
    value: 20_000,
    unit: 'count',
    min: 1,
    why: 'A client may acknowledge all of its conversations at once.',
  },
  connectionsPerUserMax: { value: 32, unit: 'count', min: 1, why: 'One for each device.' },
  connectionsPerAddressMax: { value: 2000, unit: 'count', min: 1, why: 'One machine does not use up all sockets.' },
};

/** The settings of a server that was told nothing. */
export const serverDefaults: ServerSettings = {
  ...(Object.fromEntries(numberNames().map((name) => [name, serverSettingTable[name].value])) as {
    [name in NumberSetting]: number;
  }),
  server: 'server-1' as ServerId,
};

/**
 * The defaults with some settings replaced. Numbers may come as text, as a command line has them.
 * Throws an `Error` that names the setting, the value and the rule.
 */
export function parseServerSettings(overrides: Readonly<Record<string, unknown>>): ServerSettings {
  const parsed = Object.entries(overrides).map(([name, value]) => [name, parseSetting(name, value)] as const);
  return { ...serverDefaults, ...(Object.fromEntries(parsed) as Partial<ServerSettings>) };
}

// ---

function numberNames(): readonly NumberSetting[] {
  return Object.keys(serverSettingTable) as NumberSetting[];
}

function parseSetting(name: string, value: unknown): number | string {
  if (name === 'server') return parseName(value);
  if (!Object.hasOwn(serverSettingTable, name)) {
    throw new Error(`There is no server setting "${name}". The settings are: server, ${numberNames().join(', ')}.`);
  }
  return parseNumber(name as NumberSetting, value);
}

function parseName(value: unknown): string {
  if (typeof value === 'string' && value.length >= 1 && value.length <= 64) return value;
  throw new Error(`The server setting "server" is ${show(value)}; it must be a name of 1 to 64 characters.`);
}

function parseNumber(name: NumberSetting, value: unknown): number {
  const { unit, min, max } = serverSettingTable[name];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  const whole = unit !== 'ms';
  const fits =
    typeof number === 'number' &&
    Number.isFinite(number) &&
    number >= min &&
    number <= (max ?? number) &&
    (!whole || Number.isInteger(number));
  if (fits) return number;
  const upTo = max === undefined ? '' : ` and at most ${max}`;
  throw new Error(
    `The server setting "${name}" is ${show(value)}; it must be a ${whole ? 'whole ' : ''}number of ${unit}, at least ${min}${upTo}.`,
  );
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
