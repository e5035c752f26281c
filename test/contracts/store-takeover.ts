import { expect, it } from 'vitest';
import type { Connected, Outcome, Send } from '../../src/system/database/store.ts';
import type { ConversationId } from '../../src/system/protocol/ids.ts';
import type { Bench } from './store-kit.ts';
import {
  createGroup,
  direct,
  done,
  expectAccepted,
  group,
  invite,
  leave,
  oneTo,
  openDirect,
  people,
  person,
  readAll,
  reconnect,
  remove,
  send,
  sent,
  seqsOf,
  signIn,
} from './store-kit.ts';

const superseded = { kind: 'superseded' };

/** Only the newest connection of a device writes. */
export function takeoverContract(bench: Bench): void {
  it('numbers the connections of each device upwards, at whichever server and however many at once', async () => {
    const { store, other } = bench;
    const ada = await person(store, 'ada');
    const next = await reconnect(other, ada);
    expect(next).toEqual({ ...ada, connection: next.connection });
    expect(next.connection).toBeGreaterThan(ada.connection);
    const many = await Promise.all(oneTo(8).map((n) => reconnect(n % 2 ? store : other, ada)));
    expect(new Set(many.map(({ connection }) => connection)).size).toBe(8);
    expect(Math.min(...many.map(({ connection }) => connection))).toBeGreaterThan(next.connection);
  });

  it('begins a connection only for a token that is valid', async () => {
    const { store } = bench;
    const ada = await person(store, 'ada');
    const conversation = await group(store, ada);
    expect(await store.beginConnection('unknown', 1)).toBeNull();
    expect(await store.beginConnection('a\0b', 1)).toBeNull();
    expect(await store.beginConnection(`${ada.user}-phone`, 1e12)).toBeNull();
    await sent(store, send(ada, conversation));
  });

  it('leaves out messages of an older connection, without a gap', async () => {
    const { store, other } = bench;
    const [old, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, old, bob);
    const ada = await reconnect(other, old);
    const late = send(old, conversation);
    const outcomes = await store.accept([send(bob, conversation), late, send(ada, conversation)]);
    expect(outcomes).toMatchObject([{ seq: 2 }, superseded, { seq: 3 }]);
    // It was not written, so its client id is free.
    expect(await sent(other, { ...late, by: ada })).toMatchObject({ seq: 4, repeat: false });
    expect(seqsOf(await readAll(store, conversation, bob))).toEqual([1, 2, 3, 4]);
  });

  it('does not take another device of the same user for an older connection', async () => {
    const { store, other } = bench;
    const ada = await person(store, 'ada');
    const laptop = await signIn(store, ada, 'laptop');
    const conversation = await group(store, ada);
    await reconnect(other, ada);
    await sent(store, send(laptop, conversation));
  });

  it.each([
    ['opening a new direct conversation', ({ old }: Scene) => openDirect(old, 'eve')],
    ['opening a known direct conversation', ({ old }: Scene) => openDirect(old, 'bob')],
    ['opening one with nobody', ({ old }: Scene) => openDirect(old, 'nobody')],
    ['creating a group', ({ old }: Scene) => createGroup(old)],
    ['inviting', ({ old, crew }: Scene) => invite(old, crew, 'eve')],
    ['removing', ({ old, crew }: Scene) => remove(old, crew, 'bob')],
    ['leaving', ({ old, crew }: Scene) => leave(old, crew)],
    ['what would be refused anyway', ({ old, crew }: Scene) => invite(old, crew, 'bob')],
  ])('%s on an older connection writes nothing', async (_, operation) => {
    const { store, other } = bench;
    const [old, bob] = await people(store, 'ada', 'bob', 'eve');
    const scene = { old, crew: await group(store, old, bob) };
    await direct(store, old, bob);
    const before = await store.membershipsOf(old.user, old.device);
    const ada = await reconnect(other, old);
    const asked = operation(scene);
    expect(await store.change(asked)).toEqual(superseded);
    expect(await store.membershipsOf(old.user, old.device)).toEqual(before);
    await done(store, { ...createGroup(ada), clientId: asked.clientId });
  });

  it('answers an older connection what it, or the newer one, had written', async () => {
    const { store, other } = bench;
    const [old, bob] = await people(store, 'ada', 'bob');
    const [creation, message, later] = [createGroup(old), send(old, await direct(store, old, bob)), createGroup(old)];
    const { conversation } = await done(store, creation);
    await sent(store, message);
    const ada = await reconnect(other, old);
    await done(other, { ...later, by: ada });
    expect(await store.change(creation)).toMatchObject({ conversation, seq: 1, repeat: true });
    expect(await store.change(later)).toMatchObject({ seq: 1, repeat: true });
    expect(await store.accept([message, send(old, conversation)])).toMatchObject([
      { seq: 2, repeat: true },
      superseded,
    ]);
  });

  it('an operation that comes on both connections in one batch is accepted on the newer', async () => {
    const { store } = bench;
    const [old, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, old, bob);
    const message = send(old, conversation);
    const by = await reconnect(store, old);
    const [, newer] = await store.accept([message, { ...message, by }]);
    expect(newer).toMatchObject({ kind: 'accepted', seq: 2 });
    expect(seqsOf(await readAll(store, conversation, bob))).toEqual([1, 2]);
  });

  it('what the newer connection was refused is not written afterwards, and nothing old after something new', async () => {
    const { store, other } = bench;
    const [admin, someone] = await people(store, 'admin', 'someone');
    let old = someone;
    let refusals = 0;
    for (let round = 0; round < 20; round++) {
      const conversation = await group(store, admin);
      const race = await writeOnBoth({ ...bench, admin, old, conversation });
      const written = (await readAll(other, conversation, admin)).filter(({ type }) => type === 'message');
      const ids = written.map(({ clientId }) => clientId);
      refusals += race.refused.length;
      for (const { clientId } of race.refused) expect(ids).not.toContain(clientId);
      // The newer connection repeats in the first order.
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      old = race.newest;
    }
    expect(refusals).toBeGreaterThan(0);
  });
}

// ---

interface Scene {
  readonly old: Connected;
  /** Of ada, who is admin, and bob. */
  readonly crew: ConversationId;
}

/**
 * A server goes on writing for the old connection while another begins a newer one and repeats everything there. The
 * user is invited after the first refusal, with the last word of the old connection still to come.
 */
async function writeOnBoth(race: {
  store: Bench['store'];
  other: Bench['other'];
  admin: Connected;
  old: Connected;
  conversation: ConversationId;
}): Promise<{ newest: Connected; refused: readonly Send[] }> {
  const { store, other, admin, old, conversation } = race;
  const asked = oneTo(6).map(() => send(old, conversation));
  const late = (async () => {
    for (const message of asked) await store.accept([message]);
    for (const message of asked) await store.accept([message]);
  })();
  const by = await reconnect(other, old);
  const again = asked.map((message) => ({ ...message, by }));
  const outcomes: Outcome[] = [];
  let inviting: Promise<Outcome> | null = null;
  for (const message of again) {
    outcomes.push(...(await other.accept([message])));
    inviting ??= other.change(invite(admin, conversation, old.name));
  }
  expectAccepted((await inviting)!);
  await late;
  return { newest: by, refused: again.filter((_, index) => outcomes[index]!.kind === 'refused') };
}
