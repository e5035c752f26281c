import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConversationId } from '../../../../src/system/protocol/ids.ts';
import {
  type Inhabitant,
  keptBy,
  messagesIn,
  playTown,
  staysOf,
  type Town,
  type TownStep,
  townStep,
} from '../../../helpers/encrypted-town.ts';

/** `NAWAAB_TOWN_ROUNDS` takes so many times as many runs. */
const rounds = Number(process.env.NAWAAB_TOWN_ROUNDS ?? 1);

/** What is wrong with what one device keeps of one conversation; empty when nothing is. */
async function breaches(
  { texts, entries }: Town,
  { user, device, isFirst }: Inhabitant,
  conversation: ConversationId,
): Promise<string[]> {
  const all = entries();
  const kept = await keptBy(device, conversation);
  const found: string[] = [];
  for (const { from, to } of staysOf(all, conversation, user)) {
    let reads = isFirst;
    for (const message of messagesIn(all, conversation)) {
      if (message.seq < from || message.seq > to) continue;
      const content = kept.get(message.seq)?.content;
      const written = texts.get(`${message.device}/${message.clientId}`);
      const place = `${user}/${device.messenger.me!.device}${isFirst ? '' : ' (later)'}: ${conversation}/${message.seq}`;
      if (content?.kind === 'text') {
        reads = true;
        if (content.text !== written) found.push(`${place} is "${content.text}", not "${written}"`);
      } else if (reads) found.push(`${place} is not read: ${JSON.stringify(content)}`);
    }
  }
  return found;
}

/** Everybody who is a member reads everybody, on each device. */
async function expectTalk({ rig, devices }: Town, id: ConversationId): Promise<void> {
  const members = devices.filter(({ device }) => device.messenger.conversation(id)?.isMember);
  for (const { device } of members) {
    const asked = device.messenger.send(id, 'secret words at the end');
    await rig.settle(5000);
    const outcome = await asked.outcome;
    if (outcome.kind !== 'sent') throw new Error(`Not sent: ${JSON.stringify(outcome)}`);
    for (const { user, device: reader } of members) {
      const content = (await keptBy(reader, id)).get(outcome.seq)?.content;
      expect(content, `${user} in ${id}`).toEqual({ kind: 'text', text: 'secret words at the end' });
    }
  }
}

async function check(encryption: 'mls' | 'modelled', steps: readonly TownStep[]): Promise<void> {
  const town = await playTown(encryption, steps);
  await town.rest();
  const { rig, devices, entries } = town;
  const found: string[] = [];
  const conversations = new Set(entries().map(({ conversation }) => conversation));
  for (const one of devices) for (const id of conversations) found.push(...(await breaches(town, one, id)));
  expect(found).toEqual([]);
  for (const { user, device } of devices) {
    expect(device.messenger.state, `${user}`).toMatchObject({ connection: 'online', trouble: null, waiting: 0 });
  }
  for (const { device } of devices) {
    for (const { what, state } of device.messenger.waiting()) {
      // Nobody can remove oneself.
      if (what !== 'remove') expect(state).not.toMatchObject({ code: 'notSealed' });
    }
  }
  // What the servers keep tells nobody.
  for (const entry of entries()) {
    if (entry.type !== 'message') continue;
    expect(entry.epoch).toBeGreaterThan(0);
    expect(Buffer.from(entry.payload, 'base64url').toString('latin1')).not.toContain('secret words');
  }
  // Quiet: nothing more is written by itself.
  const before = entries().length;
  await rig.settle(1_200_000);
  expect(entries().length).toBe(before);
  for (const id of conversations) await expectTalk(town, id);
  expect(rig.errors).toEqual([]);
  expect(rig.chat.errors).toEqual([]);
}

describe('whatever people with several devices do, while networks break and processes end', {
  timeout: 60_000 * rounds,
}, () => {
  it.each([
    ['modelled', 40 * rounds],
    ['mls', 5 * rounds],
  ] as const)('with %s each device reads what was written while it was in', async (encryption, numRuns) => {
    await fc.assert(
      fc.asyncProperty(fc.array(townStep, { minLength: 10, maxLength: 60 }), (steps) => check(encryption, steps)),
      { numRuns },
    );
  });
});
