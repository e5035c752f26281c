/** A few people with several devices each, who do whatever they can, while networks break and processes end. */
import fc from 'fast-check';
import type { EncryptionName } from '../../src/system/client/encryption/index.ts';
import type { Asked, Item } from '../../src/system/client/messenger/contract.ts';
import type { Entry, MessageEntry } from '../../src/system/protocol/frames.ts';
import type { ConversationId, DeviceId, Seq, UserName } from '../../src/system/protocol/ids.ts';
import { createMessengerRig, type Device, type MessengerRig } from './messenger-rig.ts';

export const people = ['ada', 'bob', 'cyd', 'dan'] as const;

const some = fc.nat(7);
/** What happens next. Numbers pick among what there is then. */
export const townStep = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('send' as const), who: some, where: some }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('openDirect' as const), who: some, whom: some }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('createGroup' as const), who: some, whom: some }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('invite' as const, 'remove' as const),
      who: some,
      where: some,
      whom: some,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), who: some, where: some }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('newDevice' as const), who: some }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      who: some,
      atWrite: fc.nat(3),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'stop' as const, 'other' as const), who: some }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), who: some }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('lose' as const),
      who: some,
      type: fc.constantFrom('accepted' as const, 'membership' as const, 'message' as const),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('wait' as const), forMs: fc.nat(600) }) },
);
export type TownStep = typeof townStep extends fc.Arbitrary<infer T> ? T : never;

export interface Town {
  readonly rig: MessengerRig;
  readonly devices: readonly Inhabitant[];
  /** Every text that was asked to be sent, by device and operation. */
  readonly texts: ReadonlyMap<string, string>;
  entries(): readonly Entry[];
  /** Lets everything come to rest, with all devices online. */
  rest(): Promise<void>;
}

export interface Inhabitant {
  readonly user: (typeof people)[number];
  readonly device: Device;
  /** Had left key packages before anything happened. */
  readonly isFirst: boolean;
}

export async function playTown(encryption: EncryptionName, steps: readonly TownStep[]): Promise<Town> {
  const rig = await createMessengerRig({ encryption });
  const devices: Inhabitant[] = [];
  const texts = new Map<string, string>();
  for (const user of people) devices.push({ user, device: await rig.online(user), isFirst: true });
  await rig.settle(1000);
  let count = 0;
  for (const step of steps) {
    await perform(step);
    await rig.settle(step.do === 'wait' ? step.forMs : 0);
    for (const { device } of devices) if (device.isDead) await reboot(device);
  }

  return {
    rig,
    devices,
    texts,
    entries: () => [...rig.chat.store.entries()],
    async rest() {
      for (const { device } of devices) {
        device.lets = () => true;
        device.crashAtWrite(Number.POSITIVE_INFINITY, 'before');
      }
      await rig.settle(1000);
      for (const { device } of devices) if (device.isDead) await reboot(device);
      for (const { device } of devices) device.messenger.start();
      await rig.settle(120_000);
    },
  };

  async function reboot(device: Device): Promise<void> {
    device.lets = () => true;
    (await device.boot()).start();
  }

  async function perform(step: TownStep): Promise<void> {
    if (step.do === 'wait') return;
    const { user, device } = devices[step.who % devices.length]!;
    switch (step.do) {
      case 'newDevice':
        if (devices.length < 7) devices.push({ user, device: await rig.online(user), isFirst: false });
        return;
      case 'crash':
        device.crashAtWrite(step.atWrite, step.when);
        return;
      case 'cut':
        device.cut();
        return;
      case 'stop':
      case 'start':
        device.messenger[step.do]();
        return;
      case 'other':
        device.server = 1 - device.server!;
        device.cut();
        return;
      case 'lose': {
        let left = 1;
        device.lets = (frame) => frame.type !== step.type || left-- <= 0;
        return;
      }
      default:
        ask(step, user, device);
    }
  }

  function ask(
    step: Extract<TownStep, { do: 'send' | 'openDirect' | 'createGroup' | 'invite' | 'remove' | 'leave' }>,
    user: string,
    { messenger }: Device,
  ): void {
    const whom = 'whom' in step ? people[step.whom % people.length]! : user;
    const known = messenger.conversations();
    if (step.do === 'openDirect') {
      messenger.openDirect(whom);
      return;
    }
    if (step.do === 'createGroup') {
      messenger.createGroup('a group', whom === user ? [] : [whom]);
      return;
    }
    if (known.length === 0) return;
    const { id, kind } = known[step.where % known.length]!;
    if (step.do === 'send') note(messenger.me!.device, messenger.send(id, `secret words ${++count}`));
    else if (kind === 'group') step.do === 'leave' ? messenger.leave(id) : messenger[step.do](id, [whom]);
  }

  function note(device: DeviceId, { id }: Asked): void {
    texts.set(`${device}/${id}`, `secret words ${count}`);
  }
}

/** Where in the sequence a user was a member, as the servers' entries tell. */
export function staysOf(
  entries: readonly Entry[],
  conversation: ConversationId,
  user: string,
): readonly { readonly from: Seq; readonly to: Seq }[] {
  const stays: { from: Seq; to: Seq }[] = [];
  for (const entry of entries) {
    if (entry.type !== 'membership' || entry.conversation !== conversation) continue;
    if (!entry.users.includes(user as UserName)) continue;
    if (entry.change === 'created' || entry.change === 'added') {
      stays.push({ from: entry.seq, to: Number.POSITIVE_INFINITY as Seq });
    } else stays.at(-1)!.to = entry.seq;
  }
  return stays;
}

export function messagesIn(entries: readonly Entry[], conversation: ConversationId): readonly MessageEntry[] {
  return entries.filter(
    (entry): entry is MessageEntry => entry.type === 'message' && entry.conversation === conversation,
  );
}

/** What a device keeps of a conversation, by place. */
export async function keptBy(device: Device, conversation: ConversationId): Promise<ReadonlyMap<Seq, Item>> {
  const items = await device.messenger.history({ conversation, limit: 500 });
  return new Map(items.map((item) => [item.seq, item]));
}
