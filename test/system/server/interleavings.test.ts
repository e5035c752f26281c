import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/system/protocol/frames.ts';
import type { ConversationId } from '../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../src/system/seeded-random.ts';
import { type ChatRig, createChatRig } from '../../helpers/chat-rig.ts';
import { type CheckedDevice, createCheckedDevice } from '../../helpers/checked-device.ts';
import { createRoughStore } from '../../helpers/rough-store.ts';

const names = ['anna', 'bob', 'cleo', 'dora'];
const groups = [1, 2];
const runs = 200;

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'connect'; readonly device: number; readonly server: number }
  | { readonly kind: 'drop' | 'repeat' | 'stall' | 'resume'; readonly device: number }
  | {
      readonly kind: 'send';
      readonly device: number;
      readonly group: number;
      readonly count: number;
      readonly size: number;
    }
  | { readonly kind: 'invite' | 'remove'; readonly device: number; readonly group: number; readonly user: number }
  | { readonly kind: 'leave' | 'commit'; readonly device: number; readonly group: number }
  | { readonly kind: 'openDirect'; readonly device: number; readonly user: number }
  | { readonly kind: 'trouble'; readonly definite: number; readonly uncertain: number };

/** Devices: one for each name, and a second one of anna. */
const device = fc.nat({ max: names.length });
const group = fc.constantFrom(...groups);
const user = fc.nat({ max: names.length - 1 });
const trouble = fc.record({
  kind: fc.constant('trouble' as const),
  definite: fc.double({ min: 0, max: 0.3, noNaN: true }),
  uncertain: fc.double({ min: 0, max: 0.3, noNaN: true }),
});
const calm: fc.Arbitrary<Step>[] = [
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 60 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 8 }) }),
  fc.record({ kind: fc.constant('connect' as const), device, server: fc.nat({ max: 1 }) }),
  fc.record({ kind: fc.constantFrom('drop' as const, 'repeat' as const, 'stall' as const, 'resume' as const), device }),
  fc.record({
    kind: fc.constant('send' as const),
    device,
    group,
    count: fc.integer({ min: 1, max: 4 }),
    size: fc.constantFrom(4, 4, 700),
  }),
  fc.record({
    kind: fc.constant('send' as const),
    device,
    group,
    count: fc.integer({ min: 1, max: 4 }),
    size: fc.constantFrom(4, 4, 700),
  }),
  fc.record({ kind: fc.constantFrom('invite' as const, 'remove' as const), device: fc.constant(0), group, user }),
  fc.record({ kind: fc.constantFrom('leave' as const, 'commit' as const), device, group: fc.constantFrom(...groups) }),
  fc.record({ kind: fc.constant('openDirect' as const), device, user }),
];

describe('whatever happens in whatever order', () => {
  it('each session gets a gap-free ascending sequence once, and in the end everything that is for it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(fc.oneof(...calm), { minLength: 5, maxLength: 60 }), (seed, steps) =>
        holds(seed, steps, 0.15),
      ),
      { numRuns: runs },
    );
  }, 120_000);

  it('also when the store fails now and then, and a sender keeps the order in which it asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(fc.oneof(...calm, trouble), { minLength: 5, maxLength: 60 }), (seed, steps) =>
        holds(seed, steps, 0.15),
      ),
      { numRuns: runs },
    );
  }, 120_000);
});

// ---

async function holds(seed: number, steps: readonly Step[], hintLoss: number): Promise<void> {
  const random = createSeededRandom(seed);
  const rough = createRoughStore(random.fork('store'), 6);
  const hints = random.fork('hints');
  const rig = await createRig(rough, hints, hintLoss);
  const devices = await meet(rig);
  for (const step of steps) await perform(rig, rough, devices, step);
  rough.fail({ definite: 0, uncertain: 0 });
  await settle(rig, devices);
  expect(devices.flatMap((device) => device.breaches)).toEqual([]);
  expect(rig.errors).toEqual([]);
  expect(missing(rig, devices)).toEqual([]);
  expect(leaked(rig, devices)).toEqual([]);
  expect(outOfEpoch([...rig.store.entries()])).toEqual([]);
  expect(outOfOrder([...rig.store.entries()], rough.refused)).toEqual([]);
  await rig.drain();
  expect(rig.clock.pending).toBe(0);
}

async function createRig(
  rough: ReturnType<typeof createRoughStore>,
  hints: ReturnType<typeof createSeededRandom>,
  hintLoss: number,
): Promise<ChatRig> {
  return createChatRig({
    servers: 2,
    settings: { hintFrameCharsMax: 260, backstopMs: 500, recheckMs: 1000, sessionBufferBytesMax: 1500, backlogPage: 3 },
    wrap: rough.wrap,
    deliver: (run, clock) => void (hints.next() < hintLoss || clock.after(hints.next() * 10, run)),
  });
}

/** Two groups made by anna, the second encrypted: bob is in both, cleo in the first. */
async function meet(rig: ChatRig): Promise<CheckedDevice[]> {
  const devices: CheckedDevice[] = [];
  for (const name of [...names, 'anna']) {
    const label = devices.length === names.length ? 'laptop' : 'phone';
    devices.push(createCheckedDevice(await rig.signIn(name, label)));
  }
  devices[0]!.connect(rig.servers[0]!);
  devices[0]!.ask({ type: 'createGroup', title: 'first' });
  devices[0]!.ask({ type: 'createGroup', title: 'second', keys: { epoch: 0 } });
  await rig.clock.advance(60);
  for (const [conversation, name] of [
    [1, 'bob'],
    [1, 'cleo'],
    [2, 'bob'],
  ] as const) {
    devices[0]!.ask({ type: 'invite', conversation, users: [name], ...keysIn(devices[0]!, conversation) });
    await rig.clock.advance(20);
  }
  await rig.clock.advance(60);
  return devices;
}

async function perform(
  rig: ChatRig,
  rough: ReturnType<typeof createRoughStore>,
  devices: readonly CheckedDevice[],
  step: Step,
): Promise<void> {
  switch (step.kind) {
    case 'wait':
      return rig.clock.advance(step.ms);
    case 'connect':
      return devices[step.device]!.connect(rig.servers[step.server]!);
    case 'drop':
    case 'repeat':
    case 'stall':
    case 'resume':
      return devices[step.device]![step.kind]();
    case 'send':
      for (let i = 0; i < step.count; i++) {
        const { epoch } = devices[step.device]!.keysOf(step.group as ConversationId);
        devices[step.device]!.ask({ type: 'send', conversation: step.group, epoch, payload: 'x'.repeat(step.size) });
      }
      return;
    case 'invite':
    case 'remove':
      return devices[step.device]!.ask({
        type: step.kind,
        conversation: step.group,
        users: [names[step.user]!],
        ...keysIn(devices[step.device]!, step.group),
      });
    case 'leave':
      return devices[step.device]!.ask({ type: 'leave', conversation: step.group });
    case 'commit': {
      const { keys } = keysIn(devices[step.device]!, step.group);
      if (keys) devices[step.device]!.ask({ type: 'commit', conversation: step.group, keys });
      return;
    }
    case 'openDirect':
      return devices[step.device]!.ask({ type: 'openDirect', with: names[step.user]! });
    case 'trouble':
      return rough.fail(step);
    default:
      return step satisfies never;
  }
}

/** New keys as the device would make them, in an encrypted group. Some commits are too long to travel with a hint. */
function keysIn(device: CheckedDevice, conversation: number) {
  const { epoch, sealed } = device.keysOf(conversation as ConversationId);
  return epoch === 0 ? {} : { keys: { epoch, sealed, commit: 'x'.repeat(epoch % 2 === 0 ? 4 : 700) } };
}

/** Every message is of the epoch in force, and epochs ascend by one. */
function outOfEpoch(entries: readonly Entry[]): string[] {
  const now = new Map<number, { epoch: number; sealed: boolean }>();
  return entries.flatMap((entry) => {
    const { epoch, sealed } = now.get(entry.conversation) ?? { epoch: 0, sealed: false };
    if (entry.type === 'message') {
      return entry.epoch === epoch && !sealed ? [] : [`${entry.seq} of ${entry.conversation} is of ${entry.epoch}`];
    }
    const next = entry.keys?.epoch ?? epoch;
    now.set(entry.conversation, { epoch: next, sealed: !entry.keys && epoch > 0 });
    return entry.keys && next !== epoch + 1 ? [`${entry.conversation} went from ${epoch} to ${next}`] : [];
  });
}

/** Everybody is online and reads, until nothing is left to do. */
async function settle(rig: ChatRig, devices: readonly CheckedDevice[]): Promise<void> {
  for (let round = 0; round < 20; round++) {
    for (const [i, device] of devices.entries()) {
      device.resume();
      if (!device.connected) device.connect(rig.servers[i % 2]!);
      device.repeat();
    }
    await rig.clock.advance(200);
  }
  expect(devices.map((device) => device.pending)).toEqual(devices.map(() => 0));
}

/** What some device should know by now and does not. */
function missing(rig: ChatRig, devices: readonly CheckedDevice[]): string[] {
  const byConversation = Map.groupBy(rig.store.entries(), (entry) => entry.conversation);
  return [...byConversation].flatMap(([conversation, entries]) =>
    devices.flatMap((device) => {
      const last = visible(entries, device.account.name).at(-1)?.seq ?? 0;
      const has = device.position(conversation as ConversationId);
      return has === last ? [] : [`${device.account.name} has ${has} of ${conversation} instead of ${last}`];
    }),
  );
}

/** What some device got although its user was not a member, or otherwise than it stands in the store. */
function leaked(rig: ChatRig, devices: readonly CheckedDevice[]): string[] {
  const byConversation = Map.groupBy(rig.store.entries(), (entry) => entry.conversation);
  return devices.flatMap(({ account, received }) => {
    const allowed = new Set(
      [...byConversation.values()].flatMap((entries) => visible(entries, account.name).map((entry) => keyOf(entry))),
    );
    return received.filter((entry) => !allowed.has(keyOf(entry))).map((entry) => `${account.name} got ${keyOf(entry)}`);
  });
}

function keyOf(entry: Entry): string {
  return JSON.stringify(entry, Object.keys(entry).sort());
}

/** The entries that the user may see. */
function visible(entries: readonly Entry[], name: string): Entry[] {
  let member = false;
  return entries.filter((entry) => {
    const was = member;
    if (entry.type === 'membership' && entry.users.includes(name as never)) {
      member = entry.change === 'created' || entry.change === 'added';
    }
    return was || member;
  });
}

/**
 * Entries of one device in one conversation whose client ids go down. A refusal that got lost is no record: asked again,
 * the operation may be possible by then, after later ones. Only a client that does not wait for answers can see that.
 */
function outOfOrder(entries: readonly Entry[], refused: ReadonlySet<string>): string[] {
  const last = new Map<string, number>();
  return entries.flatMap((entry) => {
    if (refused.has(`${entry.device}/${entry.clientId}`)) return [];
    const key = `${entry.device}/${entry.conversation}`;
    const before = last.get(key) ?? 0;
    last.set(key, entry.clientId);
    return entry.clientId < before ? [`${entry.sender} asked ${entry.clientId} before ${before}`] : [];
  });
}
