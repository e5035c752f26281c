import { describe, expect, it } from 'vitest';
import { ask } from '../../../src/system/client/ask.ts';
import {
  claimKeyPackages,
  keyPackagesLeft,
  readKeyBundle,
  uploadKeyBundle,
  uploadKeyPackages,
} from '../../../src/system/client/keys.ts';
import { routes } from '../../../src/system/protocol/http.ts';
import type { BundleId } from '../../../src/system/protocol/ids.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { type Account, createChatRig, type RigOptions } from '../../helpers/chat-rig.ts';
import { rigTransport } from '../../helpers/rig-transport.ts';

async function meet(options: RigOptions = {}) {
  const rig = await createChatRig({ servers: 2, ...options });
  const [transport, other] = [rigTransport(rig, 0), rigTransport(rig, 1)];
  const [anna, bob] = [await rig.signIn('anna'), await rig.signIn('bob')];
  const upload = (by: Account, groupInfo: string, more: { welcome?: string; commit?: string } = {}) =>
    uploadKeyBundle(transport, { token: by.token, groupInfo, ...more });
  const read = (by: Account, bundle: BundleId) => readKeyBundle(other, { token: by.token, bundle });
  return { rig, transport, other, anna, bob, upload, read };
}

const packages = (...names: string[]) => names.map((name) => ({ package: name }));
const kept = (value: unknown) => ({ kind: 'ok', value });
const refused = (code: string) => ({ kind: 'refused', code, definite: true });

describe('key packages', () => {
  it('are left at one server and claimed at another, once each, then the last resort', async () => {
    const { transport, other, anna, bob } = await meet();
    const { token } = bob;
    const mine = { token, packages: packages('p1', 'p2'), lastResort: { package: 'last' } };
    expect(await uploadKeyPackages(transport, mine)).toEqual(kept({ left: 2 }));
    const claims: unknown[] = [];
    for (const by of [transport, other, transport, other]) {
      claims.push(await claimKeyPackages(by, { token: anna.token, name: 'BOB' }));
    }
    const given = (keyPackage: string) => kept({ devices: [{ device: bob.device, keyPackage }] });
    expect(claims).toEqual([given('p1'), given('p2'), given('last'), given('last')]);
    expect(await keyPackagesLeft(other, token)).toEqual(kept({ left: 0 }));
  });

  it('one’s own are for the other devices', async () => {
    const { rig, transport, anna } = await meet();
    const laptop = await rig.signIn('anna', 'laptop');
    for (const { token, device } of [anna, laptop]) {
      await uploadKeyPackages(transport, { token, packages: packages(`p${device}`) });
    }
    expect(await claimKeyPackages(transport, { token: anna.token, name: 'anna' })).toEqual(
      kept({ devices: [{ device: laptop.device, keyPackage: `p${laptop.device}` }] }),
    );
    expect(await keyPackagesLeft(transport, anna.token)).toEqual(kept({ left: 1 }));
  });

  it('a user may have none, or not exist', async () => {
    const { transport, anna } = await meet();
    expect(await claimKeyPackages(transport, { token: anna.token, name: 'bob' })).toEqual(kept({ devices: [] }));
    expect(await claimKeyPackages(transport, { token: anna.token, name: 'nobody' })).toEqual(refused('unknownUser'));
  });

  it('a device that has lost its private keys replaces those that it left', async () => {
    const { transport, anna, bob } = await meet();
    await uploadKeyPackages(transport, { token: bob.token, packages: packages('p1') });
    await uploadKeyPackages(transport, { token: bob.token, packages: packages('q1'), replace: true });
    const claim = await claimKeyPackages(transport, { token: anna.token, name: 'bob' });
    expect(claim).toMatchObject(kept({ devices: [{ keyPackage: 'q1' }] }));
    expect(await keyPackagesLeft(transport, bob.token)).toEqual(kept({ left: 0 }));
  });

  it('nobody claims or uploads faster than the limit of a user', async () => {
    const { rig, transport, anna, bob, upload } = await meet({
      settings: { keyClaimsPerMinute: 2, keyUploadsPerMinute: 3 },
    });
    const claim = () => claimKeyPackages(transport, { token: anna.token, name: 'bob' });
    expect([await claim(), await claim(), await claim()]).toMatchObject([
      kept({ devices: [] }),
      kept({ devices: [] }),
      { ...refused('tooMany'), retryAfterMs: 30_000 },
    ]);
    const mine = { token: anna.token, packages: packages('p1') };
    for (const _ of [1, 2]) await uploadKeyPackages(transport, mine);
    expect([await upload(anna, 'R'), await upload(anna, 'R'), await uploadKeyPackages(transport, mine)]).toMatchObject([
      kept({}),
      refused('tooMany'),
      refused('tooMany'),
    ]);
    expect(await upload(bob, 'R')).toMatchObject(kept({}));
    await rig.clock.advance(30_000);
    expect(await claim()).toMatchObject(kept({}));
  });
});

describe('key bundles', () => {
  it('bring the welcome to who is added, the commit to who is there and the group info to both, and nothing to others', async () => {
    const { rig, anna, bob, upload, read } = await meet();
    const eve = await rig.signIn('eve');
    const phone = rig.connect(anna);
    await rig.clock.advance(10);
    const parts = { welcome: 'V2VsY29tZQ', groupInfo: 'R3JvdXBJbmZv', commit: 'Q29tbWl0' };
    const uploaded = await upload(anna, parts.groupInfo, parts);
    const { bundle } = (uploaded as { value: { bundle: BundleId } }).value;
    expect([await read(anna, bundle), await read(bob, bundle)]).toEqual([kept(parts), refused('notMember')]);
    phone.send({ type: 'createGroup', clientId: 1, title: 'crew', users: ['bob'], keys: { epoch: 0, bundle } });
    await rig.clock.advance(20);
    expect([await read(anna, bundle), await read(bob, bundle), await read(eve, bundle)]).toEqual([
      kept(parts),
      kept(parts),
      refused('notMember'),
    ]);
    expect(await read(bob, (bundle + 1) as BundleId)).toEqual(refused('unknownBundle'));
    phone.send({ type: 'commit', clientId: 2, conversation: 1, keys: { epoch: 1, bundle } });
    await rig.clock.advance(20);
    expect(phone.answer(2)).toMatchObject({ type: 'refused', code: 'unknownBundle' });
    const laptop = rig.connect(await rig.signIn('anna', 'laptop'), 1);
    await rig.clock.advance(20);
    expect(laptop.frames).toContainEqual(expect.objectContaining({ type: 'conversation', epoch: 1, bundle }));
  });

  it('go after an hour when nothing refers to them, and like messages when they have been replaced', async () => {
    const hour = 3_600_000;
    const { rig, anna, upload, read } = await meet({ settings: { expiryMs: 10 * hour, heartbeatMs: 1e9 } });
    const phone = rig.connect(anna);
    await rig.clock.advance(10);
    const ids: BundleId[] = [];
    for (const name of ['waiting', 'first', 'second']) {
      ids.push(((await upload(anna, name)) as { value: { bundle: BundleId } }).value.bundle);
    }
    const [waiting, first, second] = ids as [BundleId, BundleId, BundleId];
    phone.send({ type: 'createGroup', clientId: 1, title: 'crew', keys: { epoch: 0, bundle: first } });
    phone.send({ type: 'commit', clientId: 2, conversation: 1, keys: { epoch: 1, bundle: second } });
    await rig.clock.advance(1.5 * hour);
    expect([await read(anna, waiting), await read(anna, first)]).toMatchObject([refused('unknownBundle'), kept({})]);
    await rig.clock.advance(10 * hour);
    expect([await read(anna, first), await read(anna, second)]).toMatchObject([refused('unknownBundle'), kept({})]);
  });

  it('only so many travel at once, and a place is kept until the answer has gone', async () => {
    const { rig, anna, upload } = await meet({ settings: { keyTransfersMax: 2, keyTransfersPerUserMax: 1 } });
    const { bundle } = ((await upload(anna, 'R')) as { value: { bundle: BundleId } }).value;
    const get = () =>
      rig.servers[0]!.http({
        method: 'GET',
        path: `/v1/key-bundles/${bundle}`,
        token: anna.token,
        body: '',
        remote: '10.0.0.9',
      });
    const slow = await get();
    expect([slow.status, (await get()).status]).toEqual([200, 429]);
    for await (const _ of slow.bytes!.pieces);
    expect((await get()).status).toBe(200);
  });
});

describe('requests that are wrong', () => {
  const big = 'x'.repeat(limits.keyBundlePartCharsMax + 1);
  it.each([
    ['no packages', routes.uploadKeyPackages, {}, 'malformed'],
    ['a package that is no base64url', routes.uploadKeyPackages, { packages: packages('é') }, 'malformed'],
    ['an empty package', routes.uploadKeyPackages, { packages: packages('') }, 'malformed'],
    ['a package that is too long', routes.uploadKeyPackages, { packages: packages('x'.repeat(8193)) }, 'malformed'],
    ['too many packages', routes.uploadKeyPackages, { packages: packages(...Array(101).fill('x')) }, 'malformed'],
    ['a bundle without group info', routes.uploadKeyBundle, { welcome: 'x' }, 'malformed'],
    ['a bundle with a part that is too long', routes.uploadKeyBundle, { groupInfo: big }, 'malformed'],
    [
      'a bundle that is too long',
      routes.uploadKeyBundle,
      { groupInfo: big, welcome: big, commit: big, x: big },
      'tooLarge',
    ],
  ])('%s is refused', async (_, route, body, code) => {
    const { rig, transport, anna } = await meet();
    const answer = await ask(transport, { ...route, token: anna.token, body: JSON.stringify(body) }, null);
    expect(answer).toMatchObject(refused(code));
    expect(rig.errors).toEqual([]);
  });

  it.each([
    ['POST', '/v1/key-packages', 401],
    ['GET', '/v1/key-packages', 401],
    ['POST', '/v1/key-packages/bob/claim', 401],
    ['POST', '/v1/key-bundles', 401],
    ['GET', '/v1/key-bundles/1', 401],
    ['GET', '/v1/key-bundles/0', 404],
    ['GET', '/v1/key-bundles/1/welcome', 404],
    ['GET', '/v1/key-packages/bob/claim', 404],
    ['POST', '/v1/key-packages//claim', 404],
    ['POST', '/v1/key-packages/%E0%A4%A/claim', 404],
  ] as const)('%s %s without a token is %i', async (method, path, status) => {
    const { rig } = await meet();
    const answer = await rig.servers[0]!.http({ method, path, body: '{}', remote: '10.0.0.9' });
    expect(answer.status).toBe(status);
  });

  it('a server that drains takes nothing more and gives nobody’s packages away', async () => {
    const { rig, transport, anna, bob, upload } = await meet();
    await uploadKeyPackages(transport, { token: bob.token, packages: packages('p1') });
    const drained = rig.servers[0]!.drain();
    expect([
      await upload(anna, 'R'),
      await claimKeyPackages(transport, { token: anna.token, name: 'bob' }),
      await keyPackagesLeft(transport, bob.token),
    ]).toMatchObject([refused('busy'), refused('busy'), kept({ left: 1 })]);
    await rig.clock.advance(100);
    await drained;
  });
});
