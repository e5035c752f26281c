import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LocalChange } from '../../../../src/system/client/local/contract.ts';
import { openMemoryDatabase } from '../../../../src/system/client/local/memory.ts';
import { contentOf } from '../../../../src/system/client/messenger/content.ts';
import { findGap } from '../../../../src/system/client/messenger/gaps.ts';
import { createJournal } from '../../../../src/system/client/messenger/journal.ts';
import { createRooms } from '../../../../src/system/client/messenger/rooms.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserName } from '../../../../src/system/protocol/ids.ts';
import { createManualClock } from '../../../helpers/manual-clock.ts';

const conversation = 1 as ConversationId;

function own(seq: number): LocalChange {
  const who = { sender: 'ada' as UserName, device: 1 as DeviceId, clientId: seq as ClientId };
  return { kind: 'entry', entry: { conversation, seq: seq as Seq, at: seq, ...who, content: 'own' }, text: 'own' };
}

/** A device that has kept these entries. */
async function deviceWith(seqs: readonly number[]) {
  const clock = createManualClock();
  const database = await openMemoryDatabase();
  await database.write(seqs.map(own));
  const journal = createJournal(clock, database, () => {});
  return { database, journal, rooms: createRooms(() => null), world: { clock } };
}

it('a gap stands at the last place that is empty, and counts the empty ones', async () => {
  const places = fc.tuple(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 0, max: 20 }));
  await fc.assert(
    fc.asyncProperty(places, fc.uniqueArray(fc.integer({ min: 1, max: 45 })), async ([from, more], kept) => {
      const to = from + more;
      const range = { conversation, from: from as Seq, to: to as Seq };
      const empty = Array.from({ length: more + 1 }, (_, at) => from + at).filter((seq) => !kept.includes(seq));
      const { entry, missed } = await findGap(await deviceWith(kept), range);
      expect(missed).toBe(empty.length);
      expect(entry?.seq ?? null).toBe(empty.at(-1) ?? null);
      if (entry) expect(contentOf(entry)).toEqual({ kind: 'expired', from, to, missed });
    }),
  );
});

it('own entries fill more pages than one', async () => {
  const device = await deviceWith(Array.from({ length: 1200 }, (_, at) => at + 10));
  const found = await findGap(device, { conversation, from: 5 as Seq, to: 1209 as Seq });
  expect(found).toMatchObject({ missed: 5, entry: { seq: 9 } });
});
