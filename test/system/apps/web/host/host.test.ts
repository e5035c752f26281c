import { describe, expect, it } from 'vitest';
import { createHost } from '../../../../../src/system/apps/web/host/host.ts';
import type { News, Port, Snapshot } from '../../../../../src/system/apps/web/host/wire.ts';
import { createLink, type Link } from '../../../../../src/system/apps/web/model/link.ts';
import type { ConversationId } from '../../../../../src/system/browser.ts';
import { createMessengerRig, type Device, type MessengerRig } from '../../../../helpers/messenger-rig.ts';

interface Tab {
  readonly link: Link;
  readonly snapshots: Snapshot[];
  readonly news: News[];
  readonly failures: string[];
  readonly erasures: null[];
  readonly waits: null[];
}

describe('the host of a messenger', () => {
  it('shows every tab the same, and sends for each of them once', async () => {
    const { rig, tab, bo, room } = await start();
    const [first, second] = [tab(), tab()];
    await rig.settle();
    expect(first.snapshots.at(-1)).toMatchObject({ isSignedIn: true, conversations: [{ id: room }] });
    const id = first.link.call('send', room, 'from the first');
    await rig.settle();
    second.link.call('send', room, 'from the second');
    await rig.settle(1000);
    expect(await id).toBeGreaterThan(0);
    for (const { news } of [first, second]) {
      const items = news.flatMap((one) => (one.event === 'item' ? [one.what.content] : []));
      expect(items).toEqual([
        { kind: 'text', text: 'from the first' },
        { kind: 'text', text: 'from the second' },
      ]);
      const last = news.findLast((one) => one.event === 'conversation');
      expect(last?.what).toMatchObject({ id: room, last: { content: { text: 'from the second' } } });
    }
    expect(bo.items.filter(({ content }) => content.kind === 'text')).toHaveLength(2);
  });

  it('goes on when a tab is closed, and tells it nothing more', async () => {
    const { rig, tab, room } = await start();
    const [first, second] = [tab(), tab()];
    await rig.settle();
    const before = first.news.length;
    first.link.close();
    second.link.call('send', room, 'alone');
    await rig.settle();
    expect(second.news.some((one) => one.event === 'item')).toBe(true);
    expect(first.news.length).toBe(before);
  });

  it('answers what cannot be done with a sentence', async () => {
    const { rig, tab, room } = await start();
    const { link } = tab();
    const refused = link.call('send', room, '');
    const unknown = link.call('typing', 99 as ConversationId);
    const caught = Promise.allSettled([refused, unknown]);
    await rig.settle();
    expect(await caught).toMatchObject([
      { status: 'rejected', reason: { message: 'The message is empty; write something.' } },
      { status: 'rejected', reason: { message: expect.stringContaining('no conversation 99') } },
    ]);
  });

  it('says when the database breaks, and opens it anew for who comes then', async () => {
    const { rig, tab, ada, room } = await start();
    const first = tab();
    await rig.settle();
    ada.failWrites = 'the disk is full';
    first.link.call('send', room, 'lost').catch(() => {});
    await rig.settle(1000);
    expect(first.failures.join()).toContain('the disk is full');
    ada.failWrites = null;
    const second = tab();
    await rig.settle();
    expect(second.snapshots.at(-1)).toMatchObject({ isSignedIn: true, state: { trouble: null } });
  });

  it('leaves nothing behind of a user whom the servers refused, and begins anew for the next who tries', async () => {
    const { rig, erased, tab } = await startEmpty('ada');
    const first = tab();
    const refused = await rig.within(first.link.call('signUp', { name: 'ada', password: 'correct horse' }));
    expect(refused).toMatchObject({ kind: 'refused', code: 'nameTaken' });
    expect(erased()).toBe(1);
    const second = tab();
    const outcome = await rig.within(second.link.call('signIn', { name: 'ada', password: 'correct horse' }));
    expect(outcome).toMatchObject({ kind: 'ok', value: { name: 'ada' } });
  });

  it('keeps what it has when a password was wrong, or no answer came', async () => {
    const { rig, ada, erased, tab } = await start();
    await rig.within(tab().link.call('signOut'));
    const wrong = await rig.within(tab().link.call('signIn', { name: 'ada', password: 'not this one' }));
    expect(wrong).toMatchObject({ kind: 'refused', code: 'unauthenticated' });
    const empty = await startEmpty('bo');
    empty.device.server = null;
    const lost = await empty.rig.within(empty.tab().link.call('signUp', { name: 'cy', password: 'correct horse' }));
    expect(lost.kind).toBe('unknown');
    expect(erased() + empty.erased()).toBe(0);
    expect(ada.messenger.conversations()).toHaveLength(1);
  });

  it('erases what the browser has when it is told to, also when the servers cannot be told', async () => {
    for (const server of [0, null]) {
      const { rig, ada, erased, tab } = await start();
      const [first, second] = [tab(), tab()];
      await rig.settle();
      ada.server = server;
      expect(await rig.within(first.link.call('erase'))).toEqual({ isSignedOut: server === 0 });
      expect([erased(), first.erasures.length, second.erasures.length]).toEqual([1, 1, 1]);
    }
  });

  it('erases what the browser has of an account that is deleted, and only then', async () => {
    const { rig, erased, tab } = await start();
    const { link } = tab();
    const wrong = await rig.within(link.call('deleteAccount', 'not this one'));
    expect([wrong, erased()]).toMatchObject([{ kind: 'refused', code: 'wrongPassword' }, 0]);
    const right = await rig.within(link.call('deleteAccount', 'correct horse'));
    expect([right, erased()]).toEqual([{ kind: 'ok', value: null }, 1]);
  });

  it('says to those who come meanwhile that they wait for another to let go', async () => {
    const gone = Promise.withResolvers<void>();
    const { rig, tab } = await startEmpty('ada', () => gone.promise);
    const first = tab();
    await rig.settle();
    expect([first.waits.length, first.snapshots.length]).toEqual([1, 0]);
    gone.resolve();
    await rig.within(first.link.call('search', { text: 'anything' }));
    expect(first.snapshots).toHaveLength(1);
  });
});

// ---

async function start() {
  const rig: MessengerRig = await createMessengerRig();
  const [ada, bo]: Device[] = [await rig.online('ada'), await rig.online('bo')];
  const opening = ada!.messenger.openDirect('bo').outcome;
  await rig.settle();
  const opened = await opening;
  if (opened.kind !== 'sent') throw new Error(JSON.stringify(opened));
  await ada!.messenger.close();
  return { rig, ada: ada!, bo: bo!, room: opened.conversation, ...hostOf(ada!) };
}

/** Somebody who exists, and a browser that has nothing of them. */
async function startEmpty(name: string, former?: () => Promise<void>) {
  const rig: MessengerRig = await createMessengerRig();
  await rig.online(name);
  const device = rig.device();
  return { rig, device, ...hostOf(device, former) };
}

function hostOf(device: Device, former: () => Promise<void> | null = () => null) {
  let erasures = 0;
  const host = createHost({
    async open(waits) {
      const gone = former();
      if (gone !== null) waits();
      await gone;
      return device.boot();
    },
    erase: async () => void erasures++,
  });
  const tab = (): Tab => {
    const [here, there] = portPair();
    host.connect(there);
    const told = { snapshots: [] as Snapshot[], news: [] as News[], failures: [] as string[] };
    const [erasures, waits] = [[] as null[], [] as null[]];
    const link = createLink(here, {
      snapshot: (snapshot) => void told.snapshots.push(snapshot),
      news: (more) => void told.news.push(...more),
      failed: (message) => void told.failures.push(message),
      erased: () => void erasures.push(null),
      waits: () => void waits.push(null),
    });
    return { link, ...told, erasures, waits };
  };
  return { tab, erased: () => erasures };
}

/** Two ends; what goes through is cloned, as between a tab and a worker. */
function portPair(): readonly [Port, Port] {
  const end = (other: () => Port): Port => ({
    onmessage: null,
    postMessage(message) {
      const data: unknown = structuredClone(message);
      queueMicrotask(() => other().onmessage?.({ data }));
    },
  });
  const here: Port = end(() => there);
  const there: Port = end(() => here);
  return [here, there];
}
