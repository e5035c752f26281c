/** What tests of backends ask of a cluster, and with. */
import type { Cluster, ClusterOrder } from '../../src/sim/backends/backend.ts';
import { clusterSpec } from '../../src/sim/scenario.ts';
import { createSeededRandom, createSession, signIn, signUp } from '../../src/system/index.ts';
import { createLog } from '../../src/system/node.ts';

export const quietLog = createLog({ component: 'test', destination: { write: () => {} } });
const random = createSeededRandom(1);

export function orderOf(
  spec: Parameters<typeof clusterSpec.parse>[0],
  signal: ClusterOrder['signal'] = new AbortController().signal,
): ClusterOrder {
  return { spec: clusterSpec.parse(spec), seed: 1, logDirectory: null, log: quietLog, signal };
}

/** Signs two users up, and sends one message from the first to the second; resolves when it was delivered. */
export async function chat(cluster: Pick<Cluster, 'clock' | 'connect'>): Promise<void> {
  const users = await Promise.all(
    ['alice', 'bob'].map(async (name, index) => {
      const transport = cluster.connect(index, random.fork(name));
      await signUp(transport, { name, password: 'correct horse' });
      const signedIn = await signIn(transport, { name, password: 'correct horse', device: 'test' });
      if (signedIn.kind !== 'ok') throw new Error(`signing in: ${JSON.stringify(signedIn)}`);
      return { ...signedIn.value, name, transport };
    }),
  );
  const delivered = Promise.withResolvers<void>();
  const [alice, bob] = users.map(({ name, transport, token, device }) =>
    createSession(
      { clock: cluster.clock, random: random.fork(`${name}'s session`), log: quietLog, transport },
      { token, device, backoffBaseMs: 50, backoffMaxMs: 500, ackDelayMs: 10 },
      {
        accepted: ({ conversation }) => {
          if (name === 'alice' && !sent) {
            sent = true;
            alice!.send(conversation, 'aGVsbG8');
          }
        },
        entry: (entry) => {
          if (name === 'bob' && entry.type === 'message') delivered.resolve();
        },
        refused: ({ code, detail }) => delivered.reject(new Error(`${name} was refused: ${code} ${detail ?? ''}`)),
      },
    ),
  );
  let sent = false;
  alice!.start();
  bob!.start();
  alice!.openDirect('bob' as never);
  await delivered.promise.finally(() => {
    alice!.stop();
    bob!.stop();
  });
}
