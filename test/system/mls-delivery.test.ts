/** MLS itself on the server that looks into none of it: those who should read can, and nobody else. */
import { describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../src/system/adapters/node-cipher-suite.ts';
import type { Device, Encryption, Group, KeyChange } from '../../src/system/client/encryption/contract.ts';
import { encryptions } from '../../src/system/client/encryption/index.ts';
import { claimKeyPackages, readKeyBundle, uploadKeyBundle, uploadKeyPackages } from '../../src/system/client/keys.ts';
import type { MembershipEntry, MessageEntry } from '../../src/system/protocol/frames.ts';
import type { BundleId, ConversationId } from '../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../src/system/seeded-random.ts';
import { type ChatRig, createChatRig, type FrameClient } from '../helpers/chat-rig.ts';
import { rigTransport } from '../helpers/rig-transport.ts';

const crew = 1 as ConversationId;
const mls = encryptions.mls({ suite: createNodeCipherSuite(), random: createSeededRandom(1) });

interface Person {
  readonly client: FrameClient;
  readonly device: Device;
  readonly privates: Map<string, Uint8Array>;
  group: Group | null;
}

describe('MLS through the server', () => {
  it('a group is made, read, left, sealed, renewed, and entered by a further device', async () => {
    const rig = await createChatRig({ servers: 2 });
    const [anna, bob, cleo] = [await enter(rig, 'anna'), await enter(rig, 'bob'), await enter(rig, 'cleo')];

    const created = await mls.create(anna.device, [
      ...(await claimed(rig, anna, 'bob')),
      ...(await claimed(rig, anna, 'cleo')),
    ]);
    const first = await keysOf(rig, anna, created.change);
    anna.client.send({ type: 'createGroup', clientId: 1, title: 'crew', users: ['bob', 'cleo'], keys: first });
    await rig.clock.advance(50);
    anna.group = created.group;
    for (const person of [bob, cleo]) await join(rig, person);
    expect(await say(rig, anna, { to: [bob, cleo], clientId: 2, text: 'hello' })).toEqual(['hello', 'hello']);

    bob.client.send({ type: 'leave', clientId: 1, conversation: crew });
    await rig.clock.advance(50);
    await expect(say(rig, anna, { to: [], clientId: 3, text: 'too early' })).rejects.toThrow('staleEpoch');
    const { seq: sealed } = changes(anna).at(-1)!;
    const rule = { admin: 'anna', left: new Set(['bob']), members: new Set(['anna', 'cleo']) };
    const without = await mls.change(cleo.group!, { remove: [{ user: 'bob' }] });
    const second = { ...(await keysOf(rig, cleo, without.change)), sealed };
    cleo.client.send({ type: 'commit', clientId: 1, conversation: crew, keys: second });
    await rig.clock.advance(50);
    cleo.group = mls.confirm(without.group).group;
    const applied = await mls.apply(anna.group!, changes(anna).at(-1)!.keys!.commit!, rule);
    if (applied.kind !== 'applied') throw new Error(`anna could not follow: ${applied.kind}`);
    anna.group = applied.group;
    expect(await say(rig, anna, { to: [cleo], clientId: 4, text: 'without bob' })).toEqual(['without bob']);
    expect(bob.client.entries().some((entry) => entry.type === 'message' && entry.epoch === 2)).toBe(false);

    const laptop = await enter(rig, 'anna', 'laptop');
    const told = laptop.client.frames.find((frame) => frame.type === 'conversation')!;
    const { groupInfo } = await bundleOf(rig, laptop, told.bundle!);
    const came = await mls.joinExternally(laptop.device, groupInfo);
    const third = await keysOf(rig, laptop, came.change);
    laptop.client.send({ type: 'commit', clientId: 1, conversation: crew, keys: third });
    await rig.clock.advance(50);
    expect(laptop.client.answer(1)).toMatchObject({ type: 'accepted' });
    laptop.group = came.group;
    const followed = await mls.apply(cleo.group!, changes(cleo).at(-1)!.keys!.commit!, rule);
    if (followed.kind !== 'applied') throw new Error(`cleo could not follow: ${followed.kind}`);
    cleo.group = followed.group;
    expect(await say(rig, cleo, { to: [laptop], clientId: 2, text: 'welcome' })).toEqual(['welcome']);
    expect(rig.errors).toEqual([]);
  });
});

// ---

async function enter(rig: ChatRig, user: string, label = 'phone'): Promise<Person> {
  const account = await rig.signIn(user, label);
  const device = await mls.newDevice({ user, device: label });
  const { singleUse, lastResort } = await mls.makeKeyPackages(device, 2);
  const packages = singleUse.map(({ keyPackage }) => ({ package: keyPackage }));
  await uploadKeyPackages(rigTransport(rig), {
    token: account.token,
    packages,
    lastResort: { package: lastResort.keyPackage },
  });
  const client = rig.connect(account, user === 'bob' ? 1 : 0);
  await rig.clock.advance(20);
  return { client, device, privates: new Map(singleUse.map((one) => [one.id, one.privatePart])), group: null };
}

async function claimed(rig: ChatRig, by: Person, user: string): Promise<Parameters<Encryption['create']>[1]> {
  const claim = await claimKeyPackages(rigTransport(rig), { token: by.client.account.token, name: user });
  if (claim.kind !== 'ok') throw new Error(`no key packages of ${user}: ${JSON.stringify(claim)}`);
  return claim.value.devices.map(({ keyPackage }) => ({ user, keyPackage }));
}

/** What goes into the frame, the rest being uploaded before. */
async function keysOf(rig: ChatRig, by: Person, { epoch, commit, welcome, groupInfo }: KeyChange) {
  const { token } = by.client.account;
  const uploaded = await uploadKeyBundle(rigTransport(rig), { token, groupInfo, ...(welcome && { welcome }) });
  if (uploaded.kind !== 'ok') throw new Error(`the bundle was not taken: ${JSON.stringify(uploaded)}`);
  return { epoch, bundle: uploaded.value.bundle, ...(commit && { commit }) };
}

async function bundleOf(rig: ChatRig, by: Person, bundle: BundleId) {
  const read = await readKeyBundle(rigTransport(rig, 1), { token: by.client.account.token, bundle });
  if (read.kind !== 'ok') throw new Error(`no bundle: ${JSON.stringify(read)}`);
  return read.value;
}

async function join(rig: ChatRig, person: Person): Promise<void> {
  const { welcome } = await bundleOf(rig, person, changes(person)[0]!.keys!.bundle!);
  person.group = (await mls.join(person.device, welcome!, (id) => person.privates.get(id) ?? null)).group;
}

/** Says something, and answers what the others read. */
async function say(
  rig: ChatRig,
  by: Person,
  { to, clientId, text }: { to: readonly Person[]; clientId: number; text: string },
): Promise<readonly string[]> {
  const { group, payload } = await mls.encrypt(by.group!, new TextEncoder().encode(text));
  by.client.send({ type: 'send', clientId, conversation: crew, epoch: by.group!.epoch, payload });
  await rig.clock.advance(50);
  const answer = by.client.answer(clientId);
  if (answer?.type !== 'accepted') throw new Error(`refused: ${answer?.code}`);
  by.group = group;
  return await Promise.all(to.map(read));
}

async function read(person: Person): Promise<string> {
  const message = person.client.entries(crew).findLast((entry): entry is MessageEntry => entry.type === 'message')!;
  const read = await mls.decrypt(person.group!, message.payload);
  if (read.kind !== 'message') throw new Error(`unreadable: ${read.reason}`);
  person.group = read.group;
  return new TextDecoder().decode(read.plaintext);
}

function changes({ client }: Person): readonly MembershipEntry[] {
  return client.entries(crew).filter((entry) => entry.type === 'membership');
}
