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
  const host = createHost({ open: () => ada!.boot() });
  const tab = (): Tab => {
    const [here, there] = portPair();
    host.connect(there);
    const [snapshots, news, failures] = [[] as Snapshot[], [] as News[], [] as string[]];
    const link = createLink(here, {
      snapshot: (snapshot) => void snapshots.push(snapshot),
      news: (more) => void news.push(...more),
      failed: (message) => void failures.push(message),
    });
    return { link, snapshots, news, failures };
  };
  return { rig, tab, ada: ada!, bo: bo!, room: opened.conversation };
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
