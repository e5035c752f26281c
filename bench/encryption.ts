/**
 * What encryption costs one device: a message of 100 bytes in a group of two, on `node:crypto`, on WebCrypto and modelled, and a group of 100
 * that is created and joined by the 99 others. Prints medians of the rounds: CPU of the whole process, which other programs on the machine do not
 * change, and beside it what the clock said (`waited`).
 * Options: `--rounds N` (5), `--messages N` (300) per round, `--members N` (100).
 */
import { parseArgs } from 'node:util';
import { createNodeCipherSuite } from '../src/system/adapters/node-cipher-suite.ts';
import { createWebCipherSuite } from '../src/system/adapters/web-cipher-suite.ts';
import type { Changed, Encryption, Group, Step } from '../src/system/client/encryption/contract.ts';
import { encryptions } from '../src/system/client/encryption/index.ts';
import { createSeededRandom } from '../src/system/seeded-random.ts';
import { printFigures, rounded } from './support/run-once.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '300' },
    members: { type: 'string', default: '100' },
  },
});
const rounds = Number(values.rounds);
const messages = Number(values.messages);
const members = Number(values.members);

const random = createSeededRandom(1);
const providers: readonly (readonly [string, Encryption])[] = [
  ['node', encryptions.mls({ suite: createNodeCipherSuite(), random })],
  ['webcrypto', encryptions.mls({ suite: await createWebCipherSuite(), random })],
  ['modelled', encryptions.modelled({ suite: createNodeCipherSuite(), random })],
];
const encryptUs: Record<string, number | null> = {};
const decryptUs: Record<string, number | null> = {};
const waited: Record<string, number | null> = {};
for (const [name, encryption] of providers) {
  const measured = await repeat(rounds, () => exchange(encryption));
  encryptUs[name] = rounded(median(measured.map((each) => each.encrypt.cpuUs / messages)));
  decryptUs[name] = rounded(median(measured.map((each) => each.decrypt.cpuUs / messages)));
  waited[name] = rounded(median(measured.map((each) => (each.encrypt.wallUs + each.decrypt.wallUs) / messages)));
  console.log(`${name}: encrypt ${encryptUs[name]} µs, decrypt ${decryptUs[name]} µs; both waited ${waited[name]} µs`);
}
const groups = await repeat(Math.min(rounds, 3), () => gather(providers[0]![1]));
const { welcomeChars, groupInfoChars, commitChars, storedBytes } = groups[0]!;
const joinUs = median(groups.map((each) => each.join.cpuUs));
printFigures({
  encryptUs,
  decryptUs,
  waitedForBothUs: waited,
  [`createGroup${members}Ms`]: rounded(median(groups.map((each) => each.create.cpuUs)) / 1000),
  [`joinGroup${members}Ms`]: rounded(joinUs / 1000),
  joinOneMs: rounded(joinUs / 1000 / (members - 1), 2),
  exportUs: rounded(median(groups.map((each) => each.exported.cpuUs)) / 10),
  welcomeChars,
  groupInfoChars,
  commitChars,
  storedBytes,
});

// ---

interface Spent {
  readonly cpuUs: number;
  readonly wallUs: number;
}

async function exchange(encryption: Encryption): Promise<{ encrypt: Spent; decrypt: Spent }> {
  let [sender, receiver] = await pair(encryption);
  const plaintext = new Uint8Array(100).fill(97);
  const payloads: string[] = [];
  const send = async () => {
    const encrypted = await encryption.encrypt(sender, plaintext);
    sender = done(encrypted);
    payloads.push(encrypted.payload);
  };
  const receive = async () => {
    const decrypted = await encryption.decrypt(receiver, payloads.shift()!);
    if (decrypted.kind === 'unreadable') throw new Error(decrypted.detail);
    receiver = done(decrypted);
  };
  // The first messages are not counted: they pay for compiling.
  await repeat(messages, send);
  await repeat(messages, receive);
  return { encrypt: await spent(() => repeat(messages, send)), decrypt: await spent(() => repeat(messages, receive)) };
}

async function spent(run: () => Promise<unknown>): Promise<Spent> {
  const start = performance.now();
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: user + system, wallUs: (performance.now() - start) * 1000 };
}

async function pair(encryption: Encryption): Promise<[Group, Group]> {
  const alice = await encryption.newDevice({ user: 'alice', device: 'phone' });
  const bob = await encryption.newDevice({ user: 'bob', device: 'phone' });
  const { singleUse } = await encryption.makeKeyPackages(bob, 1);
  const { keyPackage, privatePart } = singleUse[0]!;
  const created = await encryption.create(alice, [{ user: 'bob', keyPackage }]);
  const joined = await encryption.join(bob, created.change.welcome!, () => privatePart);
  return [created.group, joined.group];
}

async function gather(encryption: Encryption) {
  const creator = await encryption.newDevice({ user: 'creator', device: 'phone' });
  const invited = await Promise.all(
    Array.from({ length: members - 1 }, async (_, index) => {
      const user = `member-${index}`;
      const device = await encryption.newDevice({ user, device: 'phone' });
      const { singleUse } = await encryption.makeKeyPackages(device, 1);
      return { user, device, ...singleUse[0]! };
    }),
  );
  let made: Changed | undefined;
  const create = await spent(async () => {
    made = await encryption.create(creator, invited);
  });
  const { change, group } = made!;
  const join = await spent(async () => {
    for (const { device, id, privatePart } of invited) {
      await encryption.join(device, change.welcome!, (wanted) => (wanted === id ? privatePart : null));
    }
  });
  return {
    create,
    join,
    exported: await spent(() => repeat(10, async () => encryption.exportGroup(group))),
    welcomeChars: change.welcome!.length,
    groupInfoChars: change.groupInfo.length,
    // The first removal is the longest commit: nobody shares a key with anybody yet.
    commitChars: (await encryption.change(group, { remove: [{ user: invited[0]!.user }] })).change.commit!.length,
    storedBytes: encryption.exportGroup(group).length,
  };
}

function done(step: Step): Group {
  step.wipe();
  return step.group;
}

async function repeat<Result>(times: number, run: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let time = 0; time < times; time++) results.push(await run());
  return results;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
