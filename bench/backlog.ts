/**
 * Messages that wait for somebody who is away: 1,000 of 300 bytes are written to a user who is offline, who then connects through the balancer.
 * Measured is the time from setting out to connect until `caughtUp`, with all of them shown to the application, once and in order; median of the
 * rounds, each with a fresh user. Real processes and PostgreSQL, all on this machine. Options: `--pending N` (1000), `--conversations N` (10: from how
 * many they come), `--rounds N` (15).
 */
import { parseArgs } from 'node:util';
import { median } from '../src/metrics/index.ts';
import type { Cluster } from '../src/sim/backends/backend.ts';
import type { ConversationId, Entry, UserName } from '../src/system/index.ts';
import { type BenchUser, joinAs, onCluster } from './support/cluster.ts';
import { printFigures, rounded } from './support/run-once.ts';

const { values } = parseArgs({
  options: {
    pending: { type: 'string', default: '1000' },
    conversations: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '15' },
  },
});
const [pending, conversations, rounds] = [values.pending, values.conversations, values.rounds].map(Number) as [
  number,
  number,
  number,
];
/** 300 bytes as base64url. */
const payload = 'A'.repeat(400);
/** In a direct conversation the first place is that of its making. */
const firstPlaces = 1;

printFigures(await onCluster({}, measure));

// ---

async function measure(cluster: Cluster): Promise<Record<string, unknown>> {
  const times: { returnMs: number; connectMs: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    times.push(await measureRound(cluster, round));
    const { returnMs, connectMs } = times.at(-1)!;
    console.log(
      `round ${round + 1}: connected after ${rounded(connectMs)} ms, all shown after ${rounded(returnMs)} ms`,
    );
  }
  const ofReturns = times.map(({ returnMs }) => returnMs);
  return {
    pending,
    conversations,
    rounds,
    returnMs: rounded(median(ofReturns)),
    returnMaxMs: rounded(Math.max(...ofReturns)),
    connectMs: rounded(median(times.map(({ connectMs }) => connectMs))),
    perSec: rounded(pending / (median(ofReturns)! / 1000), 0),
  };
}

async function measureRound(cluster: Cluster, round: number): Promise<{ returnMs: number; connectMs: number }> {
  const reader = await joinAs(cluster, `reader${round}`);
  const writers = await Promise.all(
    Array.from({ length: conversations }, (_, index) => joinAs(cluster, `writer${round}-${index}`)),
  );
  await Promise.all(writers.map((writer, index) => writeTo(writer, `reader${round}`, shareOf(index))));
  for (const writer of writers) writer.session.stop();

  const shown = new Map<ConversationId, number>();
  const { clock } = cluster;
  const fromMs = clock.now();
  let connectMs = 0;
  const returnMs = await new Promise<number>((resolve, reject) => {
    reader.handle({
      welcome: () => {
        connectMs = clock.now() - fromMs;
      },
      entry: (entry: Entry) => {
        if (entry.type !== 'message') return;
        const before = shown.get(entry.conversation) ?? entry.seq - 1;
        if (entry.seq !== before + 1) reject(new Error(`${entry.seq} was shown after ${before}.`));
        shown.set(entry.conversation, entry.seq);
      },
      caughtUp: () => resolve(clock.now() - fromMs),
    });
    reader.session.start();
  });
  const lost = pending - [...shown.values()].reduce((sum, last) => sum + last - firstPlaces, 0);
  if (lost !== 0) throw new Error(`${lost} of ${pending} messages were not shown when the user had caught up.`);
  reader.session.stop();
  return { returnMs, connectMs };
}

function shareOf(index: number): number {
  return Math.floor((pending * (index + 1)) / conversations) - Math.floor((pending * index) / conversations);
}

/** Resolves when all is accepted. */
async function writeTo({ session, handle }: BenchUser, reader: string, messages: number): Promise<void> {
  let left = messages;
  await new Promise<void>((resolve, reject) => {
    handle({
      refused: ({ code }) => reject(new Error(`A message was refused: ${code}.`)),
      accepted: ({ conversation, seq }) => {
        if (seq === firstPlaces) for (let n = 0; n < messages; n++) session.send(conversation, payload);
        else if (--left === 0) resolve();
      },
    });
    session.start();
    session.openDirect(reader as UserName);
  });
}
