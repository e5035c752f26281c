import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Item, Outcome } from '../../../../src/system/client/messenger/contract.ts';
import type { ConversationId, Seq } from '../../../../src/system/protocol/ids.ts';
import type { FrameClient } from '../../../helpers/chat-rig.ts';
import { createCountingSealing, createReuseWatch, type SealingRecord } from '../../../helpers/counting-sealing.ts';
import { createMessengerRig, type Device, type MessengerRig, textsOf } from '../../../helpers/messenger-rig.ts';

const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: 'send' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'answer' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'hear' as const }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), forMs: fc.nat(400) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      atWrite: fc.nat(4),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...(['cut', 'stop', 'start', 'other', 'rekey', 'rekey'] as const).map((what) => ({ do: what })),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('lose' as const), type: fc.constantFrom('accepted', 'message') }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Game {
  readonly rig: MessengerRig;
  readonly ada: Device;
  readonly bob: Device;
  /** Another device of bob's, which changes the keys. */
  readonly keeper: FrameClient;
  readonly room: ConversationId;
  readonly record: SealingRecord;
  /** Breaches that were seen on the way. */
  readonly breaches: string[];
  /** Items that each life of ada was told of. */
  readonly lives: (readonly Item[])[];
}

async function begin(): Promise<Game> {
  const record: SealingRecord = { repeated: [] };
  const rig = await createMessengerRig({ sealing: createCountingSealing(record) });
  const [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
  const asked = bob.messenger.openDirect('ada');
  await rig.settle();
  const { conversation: room } = (await asked.outcome) as Extract<Outcome, { kind: 'sent' }>;
  const keeper = rig.chat.connect(await rig.chat.signIn('bob', 'keeper'));
  await rig.settle();
  const game: Game = { rig, ada, bob, keeper, room, record, breaches: [], lives: [ada.items] };
  const watch = createReuseWatch();
  ada.says = (frame) => {
    watch.hear(frame);
    game.breaches.push(...watch.reused.map((key) => `number ${key} was used twice`));
    const claims = frame.type === 'hello' ? (frame.cursors ?? []) : [];
    if (frame.type === 'ack') claims.push([frame.conversation, frame.upTo]);
    for (const [, upTo] of claims) checkStored(game, upTo);
  };
  return game;
}

/** Whatever the servers are told to be stored must be in a batch that was written. */
function checkStored({ ada, breaches }: Game, upTo: number): void {
  const stored = new Set(
    ada.written.flatMap((batch) => batch.flatMap((change) => (change.kind === 'entry' ? [change.entry.seq] : []))),
  );
  for (let seq = 1; seq <= upTo; seq++) if (!stored.has(seq as Seq)) breaches.push(`${seq} of ${upTo} was not stored`);
}

async function play(steps: readonly Step[], diskMs: number): Promise<Game> {
  const game = await begin();
  game.ada.diskMs = diskMs;
  const { rig, ada, bob, keeper, room } = game;
  let count = 0;
  let commits = 0;
  for (const one of steps) {
    perform(one);
    await rig.settle(one.do === 'wait' ? one.forMs : 0);
    if (ada.isDead) await reboot(game);
  }
  ada.lets = () => true;
  ada.crashAtWrite(Number.POSITIVE_INFINITY, 'before');
  // A write that is under way may still be the last.
  await rig.settle(1000);
  if (ada.isDead) await reboot(game);
  ada.messenger.start();
  await rig.settle(60_000);
  return game;

  function perform(one: Step): void {
    switch (one.do) {
      case 'send':
        ada.messenger.send(room, `from ada ${count++}`);
        return;
      case 'answer': {
        const last = ada.messenger.conversation(room)?.last?.seq ?? (0 as Seq);
        ada.messenger.send(room, `from ada ${count++}`, { readUpTo: last });
        return;
      }
      case 'hear':
        bob.messenger.send(room, `from bob ${count++}`);
        return;
      case 'crash':
        ada.crashAtWrite(one.atWrite, one.when);
        return;
      case 'cut':
        ada.cut();
        return;
      case 'stop':
      case 'start':
        ada.messenger[one.do]();
        return;
      case 'other':
        ada.server = 1 - ada.server!;
        ada.cut();
        return;
      case 'lose': {
        let left = 1;
        ada.lets = (frame) => frame.type !== one.type || left-- <= 0;
        return;
      }
      case 'rekey':
        keeper.send({ type: 'commit', clientId: ++commits, conversation: room, keys: { epoch: epochOf(keeper) } });
        return;
      case 'wait':
        return;
    }
  }
}

async function reboot({ ada, lives }: Game): Promise<void> {
  const messenger = await ada.boot();
  lives.push(ada.items);
  messenger.start();
}

/** Texts of operations that reached the disk, in the order of asking. */
function savedTexts({ ada }: Game): string[] {
  const texts = new Map<number, string>();
  for (const change of ada.written.flat()) {
    if (change.kind !== 'operation') continue;
    const asked = JSON.parse(change.operation.asked) as { op: string; content: string };
    if (asked.op === 'send') texts.set(change.operation.clientId, (JSON.parse(asked.content) as { text: string }).text);
  }
  return [...texts].sort(([a], [b]) => a - b).map(([, text]) => text);
}

function epochOf({ frames }: FrameClient): number {
  return frames.reduce((epoch, frame) => (frame.type === 'membership' ? (frame.keys?.epoch ?? epoch) : epoch), 0);
}

describe('a device that crashes between any two writes', { timeout: 120_000 }, () => {
  it('loses and doubles nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.constantFrom(0, 20, 500),
        async (steps, diskMs) => {
          const game = await play(steps, diskMs);
          const { rig, ada, bob, room, record, breaches, lives } = game;
          const onServer = [...rig.chat.store.entries()].filter(({ conversation }) => conversation === room);
          const kept = async (device: Device) =>
            (await device.messenger.history({ conversation: room, limit: 500 })).map(({ seq, sender }) => ({
              seq,
              sender,
            }));
          expect(breaches).toEqual([]);
          expect(record.repeated).toEqual([]);
          expect(await kept(ada)).toEqual(onServer.map(({ seq, sender }) => ({ seq, sender })));
          expect(await kept(bob)).toEqual(await kept(ada));
          const texts = await textsOf(bob, room);
          expect(texts).toEqual(await textsOf(ada, room));
          expect(texts.filter((text) => text.startsWith('from ada'))).toEqual(savedTexts(game));
          expect(ada.messenger.state).toMatchObject({ connection: 'online', trouble: null, waiting: 0, failed: 0 });
          for (const items of lives) expect(new Set(items.map(({ seq }) => seq)).size).toBe(items.length);
          const { read, unread } = ada.messenger.conversation(room)!;
          const after = onServer.filter(
            ({ seq, sender, type }) => seq > read && sender === 'bob' && type === 'message',
          );
          expect(unread).toBe(after.length);
          expect(rig.errors).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
