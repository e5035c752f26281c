import { beforeAll, describe, expect, it } from 'vitest';
import type { Encryption } from '../../src/system/client/encryption/contract.ts';
import { limits } from '../../src/system/protocol/limits.ts';
import {
  apply,
  claim,
  gather,
  join,
  membersSeenBy,
  newPerson,
  type Person,
  read,
  ruledBy,
  say,
  take,
} from '../helpers/encrypted-people.ts';

export interface EncryptionUnderTest {
  /** One for each device in turn, so that devices of one group may differ in what they run on. */
  make(): Promise<Encryption>;
}

/** What every encryption keeps, whatever it is made of. Secrecy itself is not here: a modelled one has none. */
export function encryptionContract(name: string, { make }: EncryptionUnderTest): void {
  describe(`encryption: ${name}`, () => {
    let alice: Person;
    let bob: Person;
    let carol: Person;
    beforeAll(async () => {
      const [a, b, c] = [await make(), await make(), await make()];
      fresh = async () => {
        alice = await newPerson(a, 'alice');
        bob = await newPerson(b, 'bob');
        carol = await newPerson(c, 'carol');
      };
    });
    let fresh: () => Promise<void>;

    describe('a group', () => {
      it('is the same for its creator and all who come in by the welcome', async () => {
        await fresh();
        await gather(alice, bob, carol);
        for (const person of [alice, bob, carol]) {
          expect(person.group).toMatchObject({ id: alice.group!.id, epoch: 1, pending: null });
          expect(membersSeenBy(person)).toEqual(['alice/phone', 'bob/phone', 'carol/phone']);
          expect(person.group!.own.identity).toEqual(person.device.identity);
        }
      });

      it('of one alone has nobody to welcome, and others come later', async () => {
        await fresh();
        const { change } = take(alice, await alice.encryption.create(alice.device, []));
        expect(change).toMatchObject({ epoch: 0, commit: null, welcome: null });
        const added = take(alice, await alice.encryption.change(alice.group!, { add: [await claim(bob)] }));
        take(alice, alice.encryption.confirm(alice.group!));
        await join(bob, added.change.welcome!);
        expect(await read(bob, await say(alice, 'hello'))).toBe('alice/phone: hello');
      });

      it('reads what each member says, and who said it', async () => {
        await fresh();
        await gather(alice, bob, carol);
        for (const speaker of [alice, bob, carol, bob]) {
          const payload = await say(speaker, `from ${speaker.device.identity.user}`);
          for (const other of [alice, bob, carol].filter((person) => person !== speaker)) {
            const user = speaker.device.identity.user;
            expect(await read(other, payload)).toBe(`${user}/phone: from ${user}`);
          }
        }
      });

      it('answers only those whom the welcome is for', async () => {
        await fresh();
        const change = await gather(alice, bob);
        await expect(join(carol, change.welcome!)).rejects.toMatchObject({ reason: 'notForUs' });
      });
    });

    describe('key packages', () => {
      it('are N of single use and one of last resort, each with an id of its own', async () => {
        await fresh();
        const { singleUse, lastResort } = await bob.encryption.makeKeyPackages(bob.device, 3);
        expect(singleUse).toHaveLength(3);
        expect(new Set([...singleUse, lastResort].map((each) => each.id)).size).toBe(4);
        for (const { id, keyPackage } of [...singleUse, lastResort]) {
          const seen = await alice.encryption.readKeyPackage(keyPackage);
          expect(seen).toEqual({
            id,
            member: { identity: bob.device.identity, signatureKey: bob.device.signatureKey },
          });
        }
      });

      it('that speak for somebody else than they were claimed for are refused', async () => {
        await fresh();
        const { keyPackage } = await claim(bob);
        const swapped = alice.encryption.create(alice.device, [{ user: 'carol', keyPackage }]);
        await expect(swapped).rejects.toMatchObject({ reason: 'forged' });
      });

      it('of last resort lets the device into several groups', async () => {
        await fresh();
        const { lastResort } = await bob.encryption.makeKeyPackages(bob.device, 0);
        const claimed = [{ user: 'bob', keyPackage: lastResort.keyPackage }];
        for (const creator of [alice, carol]) {
          const { change } = take(creator, await creator.encryption.create(creator.device, claimed));
          const find = (id: string) => (id === lastResort.id ? lastResort.privatePart : null);
          take(bob, await bob.encryption.join(bob.device, change.welcome!, find));
          expect(await read(bob, await say(creator, 'hi'))).toBe(`${creator.device.identity.user}/phone: hi`);
        }
      });
    });

    describe('a value', () => {
      it('is not changed by what is done with it', async () => {
        await fresh();
        await gather(alice, bob);
        const payload = await say(alice, 'once');
        const before = bob.group!;
        for (const attempt of [1, 2]) {
          const decrypted = await bob.encryption.decrypt(before, payload);
          expect(decrypted, `attempt ${attempt}`).toMatchObject({ kind: 'message' });
        }
      });

      it('refuses to be used once its keys are wiped', async () => {
        await fresh();
        await gather(alice, bob);
        const before = alice.group!;
        await say(alice, 'and gone');
        await expect(alice.encryption.encrypt(before, new Uint8Array(1))).rejects.toThrow(/wiped/);
      });

      it('comes back from its bytes as it was, also while a change waits', async () => {
        await fresh();
        await gather(alice, bob);
        const device = alice.encryption.importDevice(alice.encryption.exportDevice(alice.device));
        expect(device).toEqual(alice.device);
        take(alice, await alice.encryption.change(alice.group!, { add: [await claim(carol)] }));
        alice.group = alice.encryption.importGroup(alice.encryption.exportGroup(alice.group!));
        bob.group = bob.encryption.importGroup(bob.encryption.exportGroup(bob.group!));
        expect(await read(bob, await say(alice, 'still in epoch 1'))).toBe('alice/phone: still in epoch 1');
        expect(await read(alice, await say(bob, 'me too'))).toBe('bob/phone: me too');
        const { commit, welcome } = alice.group!.pending!;
        take(alice, alice.encryption.confirm(alice.group!));
        alice.group = alice.encryption.importGroup(alice.encryption.exportGroup(alice.group!));
        expect(await apply(bob, commit!, ruledBy('alice'))).toMatchObject({ kind: 'applied' });
        await join(carol, welcome!);
        expect(await read(carol, await say(alice, 'epoch 2'))).toBe('alice/phone: epoch 2');
        expect(await read(alice, await say(carol, 'yes'))).toBe('carol/phone: yes');
      });

      it('is not made from bytes that no export gave', async () => {
        await fresh();
        await gather(alice, bob);
        const bytes = alice.encryption.exportGroup(alice.group!);
        for (const wrong of [new Uint8Array(), bytes.slice(0, -1), bytes.slice(0, 40), new Uint8Array(100)]) {
          expect(() => alice.encryption.importGroup(wrong)).toThrow();
        }
        expect(() => alice.encryption.importDevice(bytes)).toThrow();
      });
    });

    describe('a change', () => {
      it('is real only when the server took it; its loser applies the winner and tries again', async () => {
        await fresh();
        await gather(alice, bob);
        const lost = take(bob, await bob.encryption.change(bob.group!, {}));
        const won = take(alice, await alice.encryption.change(alice.group!, { add: [await claim(carol)] }));
        expect([lost.change.epoch, won.change.epoch, bob.group!.epoch]).toEqual([1, 1, 1]);
        take(alice, alice.encryption.confirm(alice.group!));
        const applied = await apply(bob, won.change.commit!, ruledBy('alice'));
        expect(applied).toMatchObject({ kind: 'applied', by: { identity: { user: 'alice' } }, removed: [] });
        expect(bob.group).toMatchObject({ epoch: 2, pending: null });
        const again = take(bob, await bob.encryption.change(bob.group!, {}));
        take(bob, bob.encryption.confirm(bob.group!));
        expect(await apply(alice, again.change.commit!, ruledBy('alice'))).toMatchObject({
          kind: 'applied',
          added: [],
        });
        expect(await read(alice, await say(bob, 'epoch 3'))).toBe('bob/phone: epoch 3');
      });

      it('that comes back from the server as one’s own is a confirmation', async () => {
        await fresh();
        await gather(alice, bob);
        const { change } = take(alice, await alice.encryption.change(alice.group!, { add: [await claim(carol)] }));
        expect(await apply(alice, change.commit!, ruledBy('alice'))).toMatchObject({
          kind: 'applied',
          added: [{ identity: { user: 'carol' } }],
        });
        await join(carol, change.welcome!);
        expect(await read(carol, await say(alice, 'hello'))).toBe('alice/phone: hello');
      });

      it('leaves what is said meanwhile readable, on both sides', async () => {
        await fresh();
        await gather(alice, bob, carol);
        const early = [await say(bob, 'first'), await say(bob, 'second'), await say(carol, 'third')];
        expect(await read(alice, early[0]!)).toBe('bob/phone: first');
        const { change } = take(alice, await alice.encryption.change(alice.group!, {}));
        expect(await read(alice, early[1]!)).toBe('bob/phone: second');
        const own = await say(alice, 'of epoch 1 too');
        take(alice, alice.encryption.confirm(alice.group!));
        await apply(bob, change.commit!, ruledBy(null));
        expect(await read(alice, early[2]!)).toBe('carol/phone: third');
        expect(await read(bob, own)).toBe('alice/phone: of epoch 1 too');
        expect(await read(alice, early[1]!)).toBe('forged');
      });

      it('cannot remove a stranger or oneself, nor be confirmed when there is none', async () => {
        await fresh();
        await gather(alice, bob);
        await expect(alice.encryption.change(alice.group!, { remove: [{ user: 'carol' }] })).rejects.toThrow(/carol/);
        await expect(alice.encryption.change(alice.group!, { remove: [{ user: 'alice' }] })).rejects.toThrow(/itself/);
        expect(() => alice.encryption.confirm(alice.group!)).toThrow(/no change/);
      });

      it('adds nobody who is there already', async () => {
        await fresh();
        await gather(alice, bob);
        await expect(alice.encryption.change(alice.group!, { add: [await claim(bob)] })).rejects.toThrow();
      });
    });

    describe('epochs', () => {
      it('of the past are readable one back, and no further', async () => {
        await fresh();
        await gather(alice, bob, carol);
        const late = await say(carol, 'late');
        for (const [expected, payload] of [
          ['carol/phone: late', late],
          ['pastEpoch', await say(carol, 'too late')],
        ] as const) {
          const { change } = take(alice, await alice.encryption.change(alice.group!, {}));
          take(alice, alice.encryption.confirm(alice.group!));
          await apply(bob, change.commit!, ruledBy('alice'));
          expect(await read(bob, payload)).toBe(expected);
        }
      });

      it('of the future are not readable yet, and their commits do not fit', async () => {
        await fresh();
        await gather(alice, bob);
        const commits: string[] = [];
        for (let round = 0; round < 2; round++) {
          const { change } = take(alice, await alice.encryption.change(alice.group!, {}));
          take(alice, alice.encryption.confirm(alice.group!));
          commits.push(change.commit!);
        }
        expect(await read(bob, await say(alice, 'ahead'))).toBe('futureEpoch');
        const rule = ruledBy('alice');
        expect(await apply(bob, commits[1]!, rule)).toMatchObject({ kind: 'rejected', reason: 'futureEpoch' });
        expect(await apply(bob, commits[0]!, rule)).toMatchObject({ kind: 'applied' });
        expect(await apply(bob, commits[0]!, rule)).toMatchObject({ kind: 'rejected', reason: 'pastEpoch' });
      });

      it('of another group are told apart', async () => {
        await fresh();
        await gather(alice, bob);
        const other = await say(alice, 'elsewhere');
        const { change } = take(alice, await alice.encryption.change(alice.group!, {}));
        await gather(carol, bob);
        expect(await read(bob, other)).toBe('otherGroup');
        expect(await apply(bob, change.commit!, ruledBy('alice'))).toMatchObject({ reason: 'otherGroup' });
      });
    });

    describe('a message', () => {
      it('is read once', async () => {
        await fresh();
        await gather(alice, bob);
        const payload = await say(alice, 'once');
        expect(await read(bob, payload)).toBe('alice/phone: once');
        expect(await read(bob, payload)).toBe('forged');
      });

      it('may come after a younger one of its sender', async () => {
        await fresh();
        await gather(alice, bob);
        const [first, second] = [await say(alice, 'first'), await say(alice, 'second')];
        expect([await read(bob, second), await read(bob, first)]).toEqual([
          'alice/phone: second',
          'alice/phone: first',
        ]);
      });

      it('of the longest length just fits a payload; a longer one is refused', async () => {
        await fresh();
        await gather(alice, bob);
        const { plaintextBytesMax } = alice.encryption;
        const { payload } = take(
          alice,
          await alice.encryption.encrypt(alice.group!, new Uint8Array(plaintextBytesMax).fill(65)),
        );
        expect(payload).toHaveLength(limits.payloadCharsMax);
        expect((await read(bob, payload)).length).toBe('alice/phone: '.length + plaintextBytesMax);
        const longer = alice.encryption.encrypt(alice.group!, new Uint8Array(plaintextBytesMax + 1));
        await expect(longer).rejects.toThrow(/too long/);
      });

      it('of no byte at all is a message', async () => {
        await fresh();
        await gather(alice, bob);
        expect(await read(bob, await say(alice, ''))).toBe('alice/phone: ');
      });
    });

    describe('membership', () => {
      it('ends for whoever the admin removes, with all devices', async () => {
        await fresh();
        const tablet = await newPerson(bob.encryption, 'bob', 'tablet');
        await gather(alice, bob, carol, tablet);
        const { change } = take(alice, await alice.encryption.change(alice.group!, { remove: [{ user: 'bob' }] }));
        take(alice, alice.encryption.confirm(alice.group!));
        const gone = await apply(carol, change.commit!, ruledBy('alice'));
        expect(gone).toMatchObject({ kind: 'applied', removed: [{}, {}], added: [] });
        for (const device of [bob, tablet]) {
          expect(await apply(device, change.commit!, ruledBy('alice'))).toMatchObject({
            kind: 'removed',
            by: { identity: { user: 'alice' } },
          });
        }
        expect(membersSeenBy(carol)).toEqual(['alice/phone', 'carol/phone']);
        expect(await read(carol, await say(alice, 'without bob'))).toBe('alice/phone: without bob');
      });

      it('changes by the admin’s word only', async () => {
        await fresh();
        await gather(alice, bob, carol);
        const dave = await newPerson(await make(), 'dave');
        for (const wanted of [{ add: [await claim(dave)] }, { remove: [{ user: 'carol' }] }]) {
          const { change } = take(bob, await bob.encryption.change(bob.group!, wanted));
          for (const [person, rule] of [
            [alice, ruledBy('alice')],
            [alice, ruledBy(null)],
            [carol, ruledBy('alice')],
          ] as const) {
            expect(await apply(person, change.commit!, rule)).toMatchObject({ reason: 'notAllowed' });
          }
        }
        expect(await read(alice, await say(carol, 'still here'))).toBe('carol/phone: still here');
      });

      it('of those who left is ended by anybody', async () => {
        await fresh();
        await gather(alice, bob, carol);
        const { change } = take(bob, await bob.encryption.change(bob.group!, { remove: [{ user: 'carol' }] }));
        expect(await apply(alice, change.commit!, ruledBy('alice'))).toMatchObject({ reason: 'notAllowed' });
        const applied = await apply(alice, change.commit!, ruledBy('alice', 'carol'));
        expect(applied).toMatchObject({ kind: 'applied', removed: [{ identity: { user: 'carol' } }] });
      });

      it('can be given again, with a new key package', async () => {
        await fresh();
        await gather(alice, bob);
        const out = take(alice, await alice.encryption.change(alice.group!, { remove: [{ user: 'bob' }] }));
        take(alice, alice.encryption.confirm(alice.group!));
        await apply(bob, out.change.commit!, ruledBy('alice'));
        const back = take(alice, await alice.encryption.change(alice.group!, { add: [await claim(bob)] }));
        take(alice, alice.encryption.confirm(alice.group!));
        await join(bob, back.change.welcome!);
        expect(await read(bob, await say(alice, 'again'))).toBe('alice/phone: again');
      });
    });

    describe('a further device', () => {
      it('of a member comes in by itself, and reads what follows but not what was before', async () => {
        await fresh();
        const change = await gather(alice, bob);
        const before = await say(alice, 'before');
        const tablet = await newPerson(await make(), 'bob', 'tablet');
        const come = take(tablet, await tablet.encryption.joinExternally(tablet.device, change.groupInfo));
        expect(come.change).toMatchObject({ epoch: 1, welcome: null });
        for (const person of [alice, bob]) {
          const applied = await apply(person, come.change.commit!, ruledBy(null));
          expect(applied).toMatchObject({ kind: 'applied', added: [{ identity: { device: 'tablet' } }], removed: [] });
        }
        expect(membersSeenBy(alice)).toEqual(['alice/phone', 'bob/phone', 'bob/tablet']);
        expect(await read(tablet, before)).toBe('pastEpoch');
        for (const other of [bob, tablet]) expect(await read(other, await say(alice, 'now'))).toBe('alice/phone: now');
        expect(await read(alice, await say(tablet, 'mine'))).toBe('bob/tablet: mine');
        const next = await newPerson(await make(), 'alice', 'tablet');
        const last = take(next, await next.encryption.joinExternally(next.device, come.change.groupInfo));
        for (const person of [alice, bob, tablet]) await apply(person, last.change.commit!, ruledBy(null));
        expect(await read(tablet, await say(next, 'four'))).toBe('alice/tablet: four');
      });

      it('that lost its keys takes its own place again', async () => {
        await fresh();
        const change = await gather(alice, bob, carol);
        const again = await newPerson(bob.encryption, 'bob');
        const back = take(again, await again.encryption.joinExternally(again.device, change.groupInfo));
        for (const person of [alice, carol]) {
          const applied = await apply(person, back.change.commit!, ruledBy('alice'));
          expect(applied).toMatchObject({ kind: 'applied', added: [{}], removed: [{ identity: { user: 'bob' } }] });
          expect(membersSeenBy(person)).toEqual(['alice/phone', 'bob/phone', 'carol/phone']);
        }
        expect(await apply(bob, back.change.commit!, ruledBy('alice'))).toMatchObject({ kind: 'removed' });
        expect(await read(again, await say(carol, 'welcome back'))).toBe('carol/phone: welcome back');
      });

      it('that lost the group, but not its signature key, takes its place again as well', async () => {
        await fresh();
        const change = await gather(alice, bob, carol);
        const back = take(bob, await bob.encryption.joinExternally(bob.device, change.groupInfo));
        for (const person of [alice, carol]) {
          const applied = await apply(person, back.change.commit!, ruledBy('alice'));
          expect(applied).toMatchObject({ kind: 'applied', by: { identity: { user: 'bob' } }, added: [], removed: [] });
        }
        expect(await read(bob, await say(carol, 'welcome back'))).toBe('carol/phone: welcome back');
      });

      it('of a member whose devices were all missing comes in by itself; of nobody else', async () => {
        await fresh();
        const change = await gather(alice, bob);
        const come = take(carol, await carol.encryption.joinExternally(carol.device, change.groupInfo));
        const refused = await apply(bob, come.change.commit!, ruledBy('alice'));
        expect(refused).toMatchObject({ kind: 'rejected', reason: 'notAllowed' });
        const rule = { ...ruledBy('alice'), members: new Set(['carol']) };
        for (const person of [alice, bob]) {
          expect(await apply(person, come.change.commit!, rule)).toMatchObject({ kind: 'applied', removed: [] });
        }
        expect(await read(bob, await say(carol, 'here'))).toBe('carol/phone: here');
      });

      it('of somebody who has left does not come in again', async () => {
        await fresh();
        const change = await gather(alice, bob);
        const back = await newPerson(await make(), 'bob', 'tablet');
        const { change: come } = take(back, await back.encryption.joinExternally(back.device, change.groupInfo));
        expect(await apply(alice, come.commit!, ruledBy('alice', 'bob'))).toMatchObject({ reason: 'notAllowed' });
      });
    });

    describe('a group that is over', () => {
      it('is of no use any more, in either of its epochs', async () => {
        await fresh();
        await gather(alice, bob);
        const stale = take(alice, await alice.encryption.change(alice.group!, {})).group;
        alice.encryption.discard(stale);
        await expect(alice.encryption.encrypt(stale, new Uint8Array(1))).rejects.toThrow('wiped');
        expect(() => alice.encryption.confirm(stale)).toThrow('wiped');
      });
    });

    describe('a safety code', () => {
      it('is 60 digits, equal on both sides and for any order of devices', async () => {
        await fresh();
        await gather(alice, bob, await newPerson(alice.encryption, 'alice', 'tablet'));
        const seenBy = (person: Person, user: string) =>
          person.encryption.members(person.group!).filter((member) => member.identity.user === user);
        const code = await alice.encryption.safetyCode(seenBy(alice, 'alice'), seenBy(alice, 'bob'));
        expect(code).toMatch(/^\d{5}( \d{5}){11}$/);
        expect(await bob.encryption.safetyCode(seenBy(bob, 'bob'), seenBy(bob, 'alice').toReversed())).toBe(code);
      });

      it('differs when any key differs', async () => {
        await fresh();
        const imposter = await newPerson(bob.encryption, 'bob');
        const code = await alice.encryption.safetyCode([alice.device], [bob.device]);
        expect(await alice.encryption.safetyCode([alice.device], [imposter.device])).not.toBe(code);
        expect(await alice.encryption.safetyCode([alice.device], [bob.device, imposter.device])).not.toBe(code);
      });
    });

    describe('what others send', () => {
      it('is malformed, never an exception, when it is anything else', async () => {
        await fresh();
        const change = await gather(alice, bob);
        const payload = await say(alice, 'a message');
        const wrong = ['', 'A', 'ä', '!!!!', 'AAAA', payload.slice(0, 80), `${payload}AAAA`, change.welcome!];
        for (const text of wrong) {
          expect(await read(bob, text), text.slice(0, 20)).toBe('malformed');
          expect(await apply(bob, text, ruledBy('alice'))).toMatchObject({ kind: 'rejected', reason: 'malformed' });
          await expect(bob.encryption.joinExternally(bob.device, text)).rejects.toMatchObject({ reason: 'malformed' });
          await expect(bob.encryption.readKeyPackage(text)).rejects.toMatchObject({ reason: 'malformed' });
        }
        expect(await apply(bob, payload, ruledBy('alice'))).toMatchObject({ reason: 'malformed' });
      });
    });
  });
}
