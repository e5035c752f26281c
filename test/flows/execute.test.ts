import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/sim/backends/backend.ts';
import { virtualBackend } from '../../src/sim/backends/virtual/index.ts';
import { executeFlow } from '../../src/sim/flows/execute.ts';
import type { Flow } from '../../src/sim/flows/operation.ts';
import { sharedWorld } from '../../src/sim/flows/world.ts';
import { createSeededRandom } from '../../src/system/index.ts';
import { createUser, until } from '../sim/virtual/run-virtual.ts';

describe('a flow on a cluster that it shares', () => {
  it('leaves the cluster whole, and the next tenant knows nothing of it', async () => {
    await onSharedCluster(async (cluster) => {
      const first = await run(cluster, 1);
      const second = await run(cluster, 2);
      for (const { strangers, stuck, skipped } of [first, second]) {
        expect({ strangers, stuck, skipped }).toEqual({ strangers: [], stuck: [], skipped: [] });
      }
      const stored = second.history.events.filter(({ op }) => op === 'stored');
      expect(stored).toHaveLength(2);
    });
  });

  it('notices what comes from another tenant', async () => {
    await onSharedCluster(async (cluster) => {
      const outsider = await createUser(cluster, 9);
      const running = run(cluster, 1);
      const clientId = outsider.session.createGroup('intruders');
      await until(cluster, () => outsider.accepted.has(clientId));
      outsider.session.invite(outsider.accepted.get(clientId)!.conversation, ['r1-u0' as never]);
      const { strangers } = await running;
      expect(strangers[0]).toBe('User 0 was shown u9, who belongs to another run.');
    });
  });

  it('ends when it is given up', async () => {
    await onSharedCluster(async (cluster) => {
      const abort = new AbortController();
      const wait = { do: 'wait', ms: 5000 } as const;
      const flow = { ...crossing, operations: [...crossing.operations, wait, wait] };
      cluster.clock.after(1000, () => abort.abort(new Error('given up')));
      const order = {
        flow,
        world: sharedWorld({ links: false }),
        cluster,
        run: 1,
        random: createSeededRandom(1),
        signal: abort.signal,
      };
      await expect(executeFlow(order)).rejects.toThrow('given up');
    });
  });
});

// ---

/** Two users, a message before and one after a kill. */
const crossing: Flow = {
  world: 1,
  servers: 2,
  operations: [
    { do: 'signUp', user: 0 },
    { do: 'signUp', user: 1 },
    { do: 'connect', user: 0 },
    { do: 'connect', user: 1 },
    { do: 'wait', ms: 300 },
    { do: 'direct', user: 0, conversation: 0, with: 1 },
    { do: 'send', user: 0, conversation: 0, bytes: 8 },
    { do: 'killServer', server: 1 },
    { do: 'send', user: 1, conversation: 0, bytes: 8 },
    { do: 'wait', ms: 300 },
  ],
};

function run(cluster: Cluster, number: number) {
  return executeFlow({
    flow: crossing,
    world: sharedWorld({ links: false }),
    cluster,
    run: number,
    random: createSeededRandom(number),
    signal: new AbortController().signal,
  });
}

function onSharedCluster<T>(work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const order = {
    spec: sharedWorld({ links: false }).spec,
    seed: 1,
    logDirectory: null,
    log: { write: () => undefined },
    signal: new AbortController().signal,
  };
  return virtualBackend.run(order, work);
}
