import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change, Identity, Store } from '../../src/system/database/store.ts';
import type { ClientId, ConversationId, DeviceId, UserName } from '../../src/system/protocol/ids.ts';

/** One set of data, seen through one or more stores. */
export interface StoreData {
  /** A store on the data; several live side by side as those of several servers do. */
  open(): Promise<Store>;
  dispose(): Promise<void>;
}

/** What every store promises. `groupMembersMax` of the stores under test must be 5. */
export function storeContract(name: string, createData: () => Promise<StoreData>): void {
  describe(`a store: ${name}`, () => {
    let data: StoreData;
    let store: Store;

    beforeEach(async () => {
      data = await createData();
      store = await data.open();
    });
    afterEach(async () => {
      await data.dispose();
    });

    describe('users', () => {
      it('tells names apart without regard to case and keeps the case', async () => {
        const ada = await store.createUser({ name: user('Ada'), passwordHash: 'h', at: 1 });
        expect(await store.createUser({ name: user('aDA'), passwordHash: 'h', at: 1 })).toBeNull();
        expect(await store.findUser('ADA')).toEqual({ id: ada, name: 'Ada', passwordHash: 'h' });
        expect(await store.findUser('Adam')).toBeNull();
      });

      it('gives a name to one of many who want it at once', async () => {
        const other = await data.open();
        const answers = await Promise.all(
          [store, other, store, other].map((it) => it.createUser({ name: user('ada'), passwordHash: 'h', at: 1 })),
        );
        expect(answers.filter((id) => id !== null)).toHaveLength(1);
      });
    });

    it('a direct conversation has both as members and starts its sequence at 1', async () => {
      const [ada, bob] = await people(store, 'ada', 'bob');
      const opened = await store.change(openDirect(ada, 1, 'BOB'));
      expect(opened).toMatchObject({ kind: 'accepted', seq: 1, repeat: false, affected: [ada.user, bob.user] });
    });

    it('a repeated send gets its first answer and takes no sequence', async () => {
      const [ada] = await people(store, 'ada', 'bob');
      const conversation = await direct(store, ada, 1, 'bob');
      const send = { by: ada, clientId: id(2), at: 5, conversation, epoch: 0, payload: 'AAAA' };
      const [first, second] = await store.accept([send, send]);
      expect(first).toMatchObject({ kind: 'accepted', seq: 2, at: 5, repeat: false });
      expect(second).toMatchObject({ kind: 'accepted', seq: 2, at: 5, repeat: true });
    });
  });
}

export async function people<const N extends string[]>(
  store: Store,
  ...names: N
): Promise<{ [K in keyof N]: Identity }> {
  const made = names.map(async (name) => {
    const id = await store.createUser({ name: user(name), passwordHash: 'hash', at: 0 });
    return signIn(store, { user: id!, name: user(name) }, 'phone');
  });
  return (await Promise.all(made)) as { [K in keyof N]: Identity };
}

export async function signIn(store: Store, who: Pick<Identity, 'user' | 'name'>, label: string): Promise<Identity> {
  const tokenDigest = `${who.name}-${label}`;
  const session = { user: who.user, deviceLabel: label, tokenDigest, at: 0, expiresAt: 1e12 };
  return { ...who, device: await store.createSession(session) };
}

export function openDirect(by: Identity, clientId: number, peer: string): Change {
  return { kind: 'openDirect', by, clientId: id(clientId), at: 1, with: user(peer) };
}

export async function direct(store: Store, by: Identity, clientId: number, peer: string): Promise<ConversationId> {
  const outcome = await store.change(openDirect(by, clientId, peer));
  if (outcome.kind !== 'accepted') throw new Error(`openDirect was refused: ${outcome.code}`);
  return outcome.conversation;
}

export const id = (n: number) => n as ClientId;
export const user = (name: string) => name as UserName;
export const device = (n: number) => n as DeviceId;
