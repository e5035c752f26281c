import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '../../../../src/system/protocol/frames.ts';
import type { ConversationId, UserName } from '../../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';
import { type Account, type ChatRig, createChatRig, type FrameClient } from '../../../helpers/chat-rig.ts';
import { createRoughStore } from '../../../helpers/rough-store.ts';

const names = ['anna', 'bob', 'cleo'];
/** A group that anna made, and her direct conversation with bob. */
const conversations = [1, 2];

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'connect'; readonly device: number; readonly server: number }
  | { readonly kind: 'stall' | 'resume' | 'drop'; readonly device: number }
  | { readonly kind: 'send' | 'typing'; readonly device: number; readonly conversation: number }
  | { readonly kind: 'ack' | 'read'; readonly device: number; readonly conversation: number; readonly upTo: number }
  | { readonly kind: 'invite' | 'remove'; readonly user: number }
  | { readonly kind: 'trouble'; readonly rate: number };

/** One for each name, and a second one of anna. */
const device = fc.nat({ max: names.length });
const conversation = fc.constantFrom(...conversations);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 5, 30, 120, 400) }),
  fc.record({ kind: fc.constant('connect' as const), device, server: fc.nat({ max: 1 }) }),
  fc.record({ kind: fc.constantFrom('stall' as const, 'resume' as const, 'drop' as const), device }),
  fc.record({ kind: fc.constantFrom('send' as const, 'typing' as const), device, conversation }),
  fc.record({
    kind: fc.constantFrom('ack' as const, 'read' as const),
    device,
    conversation,
    upTo: fc.integer({ min: 0, max: 25 }),
  }),
  fc.record({ kind: fc.constantFrom('invite' as const, 'remove' as const), user: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ kind: fc.constant('trouble' as const), rate: fc.constantFrom(0, 0, 0.3) }),
);

describe('receipts and typing, whatever is lost, doubled, late or broken', () => {
  it('never go back for a device, reach members only, and are as stored for who connects in the end', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(), fc.array(step, { minLength: 10, maxLength: 80 }), holds), {
      numRuns: 150,
    });
  }, 120_000);
});

// ---

/** One device with all frames of all its connections, in order. */
interface Device {
  readonly account: Account;
  client: FrameClient;
  readonly before: ServerFrame[];
}

async function holds(seed: number, steps: readonly Step[]): Promise<void> {
  const random = createSeededRandom(seed);
  const rough = createRoughStore(random.fork('store'), 6);
  const way = random.fork('bus');
  const rig = await createChatRig({
    servers: 2,
    settings: { ephemeralWindowMs: 50, ackFlushMs: 60, backstopMs: 500, recheckMs: 1000, sessionBufferBytesMax: 1500 },
    wrap: rough.wrap,
    deliver(run, clock) {
      const copies = way.next() < 0.2 ? 0 : way.next() < 0.2 ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) clock.after(way.next() * 80, run);
    },
  });
  const devices = await meet(rig);
  let clientId = 1000;
  for (const step of steps) await perform(step);
  rough.fail({ definite: 0, uncertain: 0 });
  await rig.clock.advance(3000);
  await everybodySeesWhatIsStored(rig, devices);
  for (const device of devices) for (const breach of breachesOf(device)) expect.fail(breach);
  expect(rig.errors).toEqual([]);
  await rig.drain();
  expect(rig.clock.pending).toBe(0);

  async function perform(step: Step): Promise<void> {
    const { client } = 'device' in step ? devices[step.device]! : devices[0]!;
    switch (step.kind) {
      case 'wait':
        return rig.clock.advance(step.ms);
      case 'trouble':
        return rough.fail({ definite: step.rate, uncertain: step.rate / 2 });
      case 'invite':
      case 'remove':
        return client.send({ type: step.kind, clientId: ++clientId, conversation: 1, users: [names[step.user]!] });
      case 'connect':
        return reconnect(rig, devices[step.device]!, step.server);
      case 'drop':
        return client.pair.close();
      case 'stall':
        return client.pair.stall();
      case 'resume':
        return client.pair.resume();
      case 'send':
        return client.send({
          type: 'send',
          clientId: ++clientId,
          conversation: step.conversation,
          epoch: 0,
          payload: 'xxxx',
        });
      case 'typing':
        return client.send({ type: 'typing', conversation: step.conversation });
      default:
        return client.send({ type: step.kind, conversation: step.conversation, upTo: step.upTo });
    }
  }
}

async function meet(rig: ChatRig): Promise<Device[]> {
  const accounts = [...names.map((name) => [name, 'phone'] as const), ['anna', 'laptop'] as const];
  const devices: Device[] = [];
  for (const [name, label] of accounts) {
    const signingIn = rig.signIn(name, label);
    await rig.clock.advance(50);
    const account = await signingIn;
    devices.push({
      account,
      client: rig.connect(account, devices.length % 2, undefined, { receipts: true, typing: true }),
      before: [],
    });
  }
  await rig.clock.advance(100);
  const { client } = devices[0]!;
  client.send({ type: 'createGroup', clientId: 1, title: 'trip' });
  await rig.clock.advance(100);
  client.send({ type: 'openDirect', clientId: 2, with: 'bob' });
  client.send({ type: 'invite', clientId: 3, conversation: 1, users: ['bob'] });
  client.send({ type: 'invite', clientId: 4, conversation: 1, users: ['cleo'] });
  await rig.clock.advance(1000);
  return devices;
}

function reconnect(rig: ChatRig, device: Device, server: number): void {
  device.client.pair.close();
  device.before.push(...device.client.frames);
  device.client = rig.connect(device.account, server, undefined, { receipts: true, typing: true });
}

async function everybodySeesWhatIsStored(rig: ChatRig, devices: readonly Device[]): Promise<void> {
  for (const [i, device] of devices.entries()) reconnect(rig, device, i % 2);
  await rig.clock.advance(3000);
  for (const { conversation, pointers } of await rig.store.receipts.pointers(conversations as ConversationId[], 50)) {
    const members = new Set((await rig.store.conversation(conversation))!.members.map(({ name }) => name));
    for (const { account, client } of devices) {
      if (!members.has(account.name)) continue;
      for (const { user, delivered, read } of pointers) {
        const told = client.frames.findLast(
          (frame) => frame.type === 'receipt' && frame.conversation === conversation && frame.user === user,
        );
        // Of oneself only what was stored when the conversation was looked up; nothing moved since.
        expect(told).toEqual({ type: 'receipt', conversation, user, delivered, read });
      }
    }
  }
}

function breachesOf({ account, before, client }: Device): string[] {
  const breaches: string[] = [];
  const furthest = new Map<string, { delivered: number; read: number }>();
  const gone = new Set<number>();
  for (const frame of [...before, ...client.frames]) {
    if (frame.type === 'membership' && frame.users.includes(account.name as UserName)) {
      if (frame.change === 'removed') gone.add(frame.conversation);
      else gone.delete(frame.conversation);
    }
    if (frame.type === 'typing' && (gone.has(frame.conversation) || frame.user === account.name)) {
      breaches.push(`${account.name} was told ${JSON.stringify(frame)}`);
    }
    if (frame.type !== 'receipt') continue;
    const { conversation, user, delivered, read } = frame;
    const key = `${conversation} ${user}`;
    const known = furthest.get(key) ?? { delivered: 0, read: 0 };
    const text = `${account.name} was told ${JSON.stringify(frame)}`;
    if (delivered < known.delivered || read < known.read) breaches.push(`${text} after ${JSON.stringify(known)}`);
    if (read > delivered) breaches.push(`${text}: more read than delivered`);
    if (gone.has(conversation)) breaches.push(`${text} after the removal`);
    furthest.set(key, { delivered, read });
  }
  return breaches;
}
