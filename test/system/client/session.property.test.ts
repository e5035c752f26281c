import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientSession } from '../../../src/system/client/contract.ts';
import { createSession } from '../../../src/system/client/session.ts';
import type { ConversationId, Seq } from '../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../src/system/seeded-random.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { createScriptedServer, flawless, type Manners, myDevice } from './scripted-server.ts';

const conversations = [1, 2, 3] as ConversationId[];

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), where: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), where: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), forMs: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop', 'start', 'drop', 'cut', 'goAway') }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const manners: fc.Arbitrary<Manners> = fc.record({
  cut: fc.constantFrom(0, 0.02, 0.1),
  refuseForNow: fc.constantFrom(0, 0.2),
  refuseForGood: fc.constantFrom(0, 0.1),
  repeatEntry: fc.constantFrom(0, 0.2),
  delayMsMax: fc.constantFrom(0, 5, 60),
});

interface Seen {
  readonly shown: Map<ConversationId, Seq[]>;
  readonly asked: Map<number, ConversationId>;
  readonly answers: { clientId: number; at: string }[];
  readonly wired: { count: number };
}

async function play(steps: readonly Step[], rude: Manners, seed: number) {
  const clock = createManualClock();
  const random = createSeededRandom(seed);
  const now = { now: rude };
  const server = createScriptedServer({ clock, random: random.fork('server') }, now);
  const seen: Seen = { shown: new Map(), asked: new Map(), answers: [], wired: { count: 0 } };
  const session = createSession(
    { clock, random: random.fork('session'), log: { write: () => {} }, transport: server.transport },
    { token: 't', device: myDevice, backoffBaseMs: 20, backoffMaxMs: 500, ackDelayMs: 10 },
    {
      wire: () => void seen.wired.count++,
      entry: ({ conversation, seq }) => seen.shown.set(conversation, [...(seen.shown.get(conversation) ?? []), seq]),
      accepted: ({ clientId, conversation, seq }) => seen.answers.push({ clientId, at: `${conversation}/${seq}` }),
      refused: ({ clientId, code }) => seen.answers.push({ clientId, at: code }),
    },
  );
  session.start();
  for (const one of steps) await perform(one, session);
  now.now = flawless;
  session.start();
  await clock.advance(20_000);
  const settled = { pending: session.pending, state: session.state };
  session.stop();
  await clock.advance(1000);
  return { server, seen, settled, timersLeft: clock.pending };

  async function perform(one: Step, on: ClientSession): Promise<void> {
    switch (one.do) {
      case 'send': {
        const conversation = conversations[one.where]!;
        seen.asked.set(on.send(conversation, 'abc'), conversation);
        return;
      }
      case 'write':
        return server.write(conversations[one.where]!);
      case 'wait':
        return clock.advance(one.forMs);
      case 'cut':
        return server.cut();
      case 'goAway':
        return server.say({ type: 'goAway', reconnectAfterMs: 100 });
      case 'stop':
      case 'start':
      case 'drop':
        return on[one.do]();
    }
  }
}

const game = [fc.array(step, { maxLength: 80, size: 'max' }), manners, fc.nat()] as const;

describe('a session over a bad network', () => {
  it('shows every entry of others once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(...game, async (steps, rude, seed) => {
        const { server, seen } = await play(steps, rude, seed);
        for (const [conversation, log] of server.logs) {
          const others = log.filter((entry) => entry.device !== myDevice).map((entry) => entry.seq);
          expect(seen.shown.get(conversation) ?? []).toEqual(others);
        }
      }),
    );
  });

  it('ends every operation in exactly one answer, and the answer is true', async () => {
    await fc.assert(
      fc.asyncProperty(...game, async (steps, rude, seed) => {
        const { server, seen, settled } = await play(steps, rude, seed);
        expect(settled).toEqual({ pending: 0, state: 'online' });
        expect(seen.answers.map((answer) => answer.clientId).sort((a, b) => a - b)).toEqual([...seen.asked.keys()]);
        const mine = [...server.logs.values()].flat().filter((entry) => entry.device === myDevice);
        const accepted = seen.answers.filter((answer) => answer.at.includes('/'));
        expect(accepted.map(({ clientId, at }) => `${clientId} ${at}`).sort()).toEqual(
          mine.map((entry) => `${entry.clientId} ${entry.conversation}/${entry.seq}`).sort(),
        );
      }),
    );
  });

  it('keeps the sender’s order in every conversation, also when the server refuses one for now', async () => {
    await fc.assert(
      fc.asyncProperty(...game, async (steps, rude, seed) => {
        const { server } = await play(steps, rude, seed);
        for (const log of server.logs.values()) {
          const mine = log.filter((entry) => entry.device === myDevice).map((entry) => entry.clientId);
          expect(mine).toEqual(mine.toSorted((a, b) => a - b));
        }
      }),
    );
  });

  it('leaves no timer behind once stopped', async () => {
    await fc.assert(
      fc.asyncProperty(...game, async (steps, rude, seed) => {
        expect((await play(steps, rude, seed)).timersLeft).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});
