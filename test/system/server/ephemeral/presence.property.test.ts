import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoreFailure } from '../../../../src/system/database/store.ts';
import type { ServerFrame } from '../../../../src/system/protocol/frames.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';
import { type Account, type ChatRig, createChatRig, type FrameClient } from '../../../helpers/chat-rig.ts';
import { createRoughStore } from '../../../helpers/rough-store.ts';

const names = ['anna', 'bob', 'cleo', 'dora'];

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'connect'; readonly user: number; readonly server: number }
  | { readonly kind: 'drop' | 'watch' | 'invite' | 'remove'; readonly user: number }
  | { readonly kind: 'trouble'; readonly rate: number }
  | { readonly kind: 'cutOff'; readonly server: number; readonly ms: number };

const user = fc.nat({ max: names.length - 1 });
const server = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 40, 300, 1200, 6000) }),
  fc.record({ kind: fc.constant('connect' as const), user, server }),
  fc.record({ kind: fc.constant('connect' as const), user, server }),
  fc.record({ kind: fc.constantFrom('drop' as const, 'drop' as const, 'watch' as const), user }),
  fc.record({
    kind: fc.constantFrom('invite' as const, 'remove' as const),
    user: fc.integer({ min: 1, max: names.length - 1 }),
  }),
  fc.record({ kind: fc.constant('trouble' as const), rate: fc.constantFrom(0, 0, 0.3) }),
  fc.record({ kind: fc.constant('cutOff' as const), server, ms: fc.constantFrom(2000, 8000) }),
);

describe('presence, whatever is lost, doubled, late or broken', () => {
  it('after quiet, everybody who watches sees how it is, and of strangers nothing', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(), fc.array(step, { minLength: 10, maxLength: 60 }), holds), {
      numRuns: 150,
    });
  }, 120_000);
});

// ---

interface Person {
  readonly account: Account;
  client: FrameClient | null;
}

async function holds(seed: number, steps: readonly Step[]): Promise<void> {
  const random = createSeededRandom(seed);
  const rough = createRoughStore(random.fork('store'), 6);
  const way = random.fork('bus');
  const cutOff = [false, false];
  const rig = await createChatRig({
    servers: 2,
    settings,
    wrap(store, clock, server) {
      const wrapped = rough.wrap(store, clock);
      const calls = Object.entries(wrapped.presence).map(([name, call]) => [
        name,
        (...args: never[]) =>
          cutOff[server]
            ? Promise.reject(new StoreFailure('The store is out of reach.', { definite: true }))
            : (call as (...args: never[]) => unknown)(...args),
      ]);
      return { ...wrapped, presence: Object.fromEntries(calls) };
    },
    deliver(run, clock) {
      const copies = way.next() < 0.3 ? 0 : way.next() < 0.2 ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) clock.after(way.next() * 400, run);
    },
  });
  const people = await meet(rig);
  let clientId = 100;
  for (const step of steps) await perform(step);
  rough.fail({ definite: 0, uncertain: 0 });
  cutOff.fill(false);
  await rig.clock.advance(20_000);
  expect(await beliefs(rig, people)).toEqual(await truth(rig, people));
  await strangersHearNothing(rig, people);
  expect(rig.errors).toEqual([]);
  await rig.drain();
  await rig.clock.advance(1000);
  expect(rig.clock.pending).toBe(0);

  async function perform(step: Step): Promise<void> {
    switch (step.kind) {
      case 'wait':
        return rig.clock.advance(step.ms);
      case 'trouble':
        return rough.fail({ definite: step.rate, uncertain: step.rate / 2 });
      case 'cutOff':
        cutOff[step.server] = true;
        await rig.clock.advance(step.ms);
        cutOff[step.server] = false;
        return;
      case 'connect':
        return connect(rig, people[step.user]!, step.server);
      case 'watch':
        people[step.user]!.client?.send({ type: 'presence', watch: names });
        return;
      case 'drop':
        people[step.user]!.client?.pair.close();
        people[step.user]!.client = null;
        return;
      default:
        people[0]!.client?.send({ type: step.kind, clientId: ++clientId, conversation: 1, users: [names[step.user]!] });
    }
  }
}

const settings = {
  ephemeralWindowMs: 50,
  presenceWindowMs: 100,
  presenceGraceMs: 1000,
  presenceLeaseMs: 3000,
  presenceRefreshMs: 4000,
  backstopMs: 500,
  recheckMs: 1000,
  heartbeatMs: 1e7,
};

async function meet(rig: ChatRig): Promise<Person[]> {
  const people: Person[] = [];
  for (const name of names) {
    const signingIn = rig.signIn(name);
    await rig.clock.advance(50);
    people.push({ account: await signingIn, client: null });
  }
  for (const [i, person] of people.entries()) connect(rig, person, i % 2);
  await rig.clock.advance(100);
  people[0]!.client!.send({ type: 'createGroup', clientId: 1, title: 'trip' });
  await rig.clock.advance(100);
  for (const [i, name] of ['bob', 'cleo'].entries()) {
    people[0]!.client!.send({ type: 'invite', clientId: i + 2, conversation: 1, users: [name] });
    await rig.clock.advance(100);
  }
  return people;
}

function connect(rig: ChatRig, person: Person, server: number): void {
  person.client?.pair.close();
  person.client = rig.connect(person.account, server);
  person.client.send({ type: 'presence', watch: names });
}

/** Who is online, as each who is connected and knows them was told last; people who do not know each other are left out. */
async function beliefs(rig: ChatRig, people: readonly Person[]): Promise<Record<string, Record<string, boolean>>> {
  const all: Record<string, Record<string, boolean>> = {};
  for (const { account, client } of people) {
    if (!isConnected({ client })) continue;
    const told = client!.frames.flatMap((frame) => (frame.type === 'presence' ? frame.users : []));
    const known = await knownTo(rig, account.name);
    all[account.name] = Object.fromEntries(
      told.filter(({ user }) => known.has(user)).map(({ user, online }) => [user, online]),
    );
  }
  return all;
}

async function truth(rig: ChatRig, people: readonly Person[]): Promise<Record<string, Record<string, boolean>>> {
  const all: Record<string, Record<string, boolean>> = {};
  for (const { account, client } of people) {
    if (!isConnected({ client })) continue;
    const known = await knownTo(rig, account.name);
    const others = people.filter((person) => known.has(person.account.name));
    all[account.name] = Object.fromEntries(others.map((person) => [person.account.name, isConnected(person)]));
  }
  return all;
}

/** Everybody goes but those who are in no conversation: they, who may have known the others once, are told nothing. */
async function strangersHearNothing(rig: ChatRig, people: readonly Person[]): Promise<void> {
  const members = new Set((await rig.store.conversation(1 as never))!.members.map(({ name }) => name));
  const strangers = people.filter(({ account }) => !members.has(account.name));
  const heard = (): number[] => strangers.map(({ client }) => client?.frames.filter(isPresence).length ?? 0);
  const before = heard();
  for (const { account, client } of people) if (members.has(account.name)) client?.pair.close();
  await rig.clock.advance(10_000);
  expect(heard()).toEqual(before);
}

function isPresence({ type }: ServerFrame): boolean {
  return type === 'presence';
}

/** The members of the one group, if one belongs to it. */
async function knownTo(rig: ChatRig, name: string): Promise<ReadonlySet<string>> {
  const members = (await rig.store.conversation(1 as never))!.members.map((member) => member.name as string);
  return new Set(members.includes(name) ? members : []);
}

/** The server may have closed it, for want of the store. */
function isConnected({ client }: Pick<Person, 'client'>): boolean {
  return client !== null && client.closed === null;
}
