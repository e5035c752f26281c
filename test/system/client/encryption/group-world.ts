/** A group of up to ten devices before one ordered log: of the changes made in an epoch, the first in the log counts. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Encryption, Group, KeyChange } from '../../../../src/system/client/encryption/contract.ts';
import {
  apply,
  claim,
  join,
  membersSeenBy,
  newPerson,
  type Person,
  read,
  ruledBy,
  say,
  take,
  userOf,
} from '../../../helpers/encrypted-people.ts';

/** What somebody does next. `who` and `whom` pick among those who can, so that every number means something. */
export type StepOfPlay =
  | { readonly kind: 'say'; readonly who: number }
  /** Several at once want to change the group; the first of them wins. */
  | { readonly kind: 'change'; readonly wishes: readonly Wish[] }
  | { readonly kind: 'leave'; readonly who: number }
  | { readonly kind: 'comeIn'; readonly who: number }
  /** Stops and comes back from what it stored. */
  | { readonly kind: 'restart'; readonly who: number };

interface Wish {
  readonly kind: 'add' | 'remove' | 'renew';
  readonly who: number;
  readonly whom: number;
}

const some = fc.nat({ max: 5 });
const wish: fc.Arbitrary<Wish> = fc.record({
  kind: fc.constantFrom('add', 'add', 'remove', 'renew'),
  who: some,
  whom: some,
});

export const arbitrarySteps: fc.Arbitrary<StepOfPlay[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('say'), who: some }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('change'),
        wishes: fc.uniqueArray(wish, { minLength: 1, maxLength: 3, selector: ({ who }) => who }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave'), who: some }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('comeIn'), who: some }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart'), who: some }) },
  ) as fc.Arbitrary<StepOfPlay>,
  { minLength: 1, maxLength: 14 },
);

/** Plays the steps and checks after each that all agree. Two of the ten devices are a second one of another's user. */
export async function play(encryptions: readonly Encryption[], steps: readonly StepOfPlay[]): Promise<void> {
  const world = await createWorld(encryptions);
  for (const step of steps) {
    await perform(world, step);
    agree(world);
  }
  await everybodySpeaks(world);
}

// ---

interface World {
  readonly all: readonly Person[];
  admin: string;
  /** What a further device needs, of the newest epoch. */
  groupInfo: string;
  /** Values of devices that are no longer members, with their last keys. */
  readonly former: { readonly person: Person; readonly group: Group }[];
}

async function createWorld(encryptions: readonly Encryption[]): Promise<World> {
  const names = ['ann', 'ben', 'cat', 'dan', 'ann/tablet', 'ben/tablet', 'eve', 'fay', 'gus', 'hal'];
  const all: Person[] = [];
  for (const [index, name] of names.entries()) {
    const [user, device] = name.split('/');
    all.push(await newPerson(encryptions[index % encryptions.length]!, user!, device));
  }
  const creator = all[0]!;
  const { change } = take(creator, await creator.encryption.create(creator.device, []));
  return { all, admin: userOf(creator), groupInfo: change.groupInfo, former: [] };
}

async function perform(world: World, step: StepOfPlay): Promise<void> {
  if (step.kind === 'say') return speak(world, pick(inside(world), step.who));
  if (step.kind === 'change') return race(world, step.wishes);
  if (step.kind === 'leave') return leave(world, pick(inside(world), step.who));
  if (step.kind === 'comeIn') return comeIn(world, pick(outside(world), step.who));
  const person = pick(inside(world), step.who);
  if (person !== undefined) person.group = person.encryption.importGroup(person.encryption.exportGroup(person.group!));
}

async function speak(world: World, speaker: Person | undefined): Promise<void> {
  if (speaker === undefined) return;
  const { user, device } = speaker.device.identity;
  const payload = await say(speaker, `hello ${user}`);
  for (const person of inside(world).filter((each) => each !== speaker)) {
    expect(await read(person, payload)).toBe(`${user}/${device}: hello ${user}`);
  }
  for (const { person, group } of world.former) {
    expect(await person.encryption.decrypt(group, payload)).toMatchObject({ kind: 'unreadable' });
  }
}

/** All make their changes in the same epoch; all hear of the first one only. */
async function race(world: World, wishes: readonly Wish[]): Promise<void> {
  let winner: { readonly by: Person; readonly change: KeyChange; readonly added: Person | null } | null = null;
  for (const wanted of wishes) {
    const by = pick(inside(world), wanted.who);
    if (by === undefined || by.group!.pending !== null) continue;
    const made = await fulfil(world, by, wanted);
    if (made !== null && winner === null) winner = { by, ...made };
  }
  if (winner === null) return;
  await publish(world, winner.by, winner.change);
  if (winner.added !== null) await join(winner.added, winner.change.welcome!);
}

async function fulfil(
  world: World,
  by: Person,
  { kind, whom }: Wish,
): Promise<{ readonly change: KeyChange; readonly added: Person | null } | null> {
  if (kind === 'renew') return { ...take(by, await by.encryption.change(by.group!, {})), added: null };
  if (userOf(by) !== world.admin) return null;
  if (kind === 'add') {
    const added = pick(outside(world), whom);
    if (added === undefined) return null;
    return { ...take(by, await by.encryption.change(by.group!, { add: [await claim(added)] })), added };
  }
  const victim = pick(
    inside(world).filter((person) => userOf(person) !== userOf(by)),
    whom,
  );
  if (victim === undefined) return null;
  return { ...take(by, await by.encryption.change(by.group!, { remove: [{ user: userOf(victim) }] })), added: null };
}

/** The user goes with all devices; somebody else ends their keys. The admin's successor is the first who stays. */
async function leave(world: World, leaver: Person | undefined): Promise<void> {
  if (leaver === undefined) return;
  const user = userOf(leaver);
  const by = inside(world).find((person) => userOf(person) !== user);
  if (by === undefined) return;
  const { change } = take(by, await by.encryption.change(by.group!, { remove: [{ user }] }));
  for (const person of inside(world).filter((each) => userOf(each) === user)) retire(world, person);
  if (world.admin === user) world.admin = userOf(by);
  await publish(world, by, change, user);
}

async function comeIn(world: World, person: Person | undefined): Promise<void> {
  if (person === undefined) return;
  const came = await person.encryption.joinExternally(person.device, world.groupInfo);
  if (!inside(world).some((member) => userOf(member) === userOf(person))) {
    for (const member of inside(world)) {
      const applied = await apply(member, came.change.commit!, ruledBy(world.admin));
      expect(applied).toMatchObject({ kind: 'rejected', reason: 'notAllowed' });
    }
    return;
  }
  const { change } = take(person, came);
  await publish(world, person, change);
}

/** The log tells everybody of a change. */
async function publish(world: World, by: Person, change: KeyChange, ...left: readonly string[]): Promise<void> {
  const rule = ruledBy(world.admin, ...left);
  world.groupInfo = change.groupInfo;
  const others = inside(world).filter((person) => person !== by);
  if (by.group!.pending !== null) take(by, by.encryption.confirm(by.group!));
  for (const person of others) {
    const kept = person.encryption.importGroup(person.encryption.exportGroup(person.group!));
    const applied = await apply(person, change.commit!, rule);
    if (applied.kind === 'removed') world.former.push({ person, group: kept });
    else expect(applied).toMatchObject({ kind: 'applied', by: { identity: by.device.identity } });
  }
}

function retire(world: World, person: Person): void {
  world.former.push({ person, group: person.group! });
  person.group = null;
}

function agree(world: World): void {
  const members = inside(world)
    .map(({ device: { identity } }) => `${identity.user}/${identity.device}`)
    .toSorted();
  for (const person of inside(world)) {
    expect(membersSeenBy(person)).toEqual(members);
    expect(person.group).toMatchObject({ epoch: inside(world)[0]!.group!.epoch, pending: null });
  }
}

async function everybodySpeaks(world: World): Promise<void> {
  for (const person of inside(world)) await speak(world, person);
}

function inside(world: World): Person[] {
  return world.all.filter((person) => person.group !== null);
}

function outside(world: World): Person[] {
  return world.all.filter((person) => person.group === null);
}

function pick(people: readonly Person[], index: number): Person | undefined {
  return people[index % Math.max(people.length, 1)];
}
