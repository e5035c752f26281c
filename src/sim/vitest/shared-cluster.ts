import { afterAll, beforeAll } from 'vitest';
import type { Backend, Cluster, StoredMessage } from '../backends/backend.ts';
import { type BackendName, backends } from '../backends/index.ts';
import { Problem } from '../problem.ts';
import { clusterSpec } from '../scenario.ts';
import { runTag, userIndexOf } from '../users/names.ts';

export interface SharedClusterOptions {
  /** Default `processes`. */
  readonly backend?: BackendName;
  /** As `cluster` of a scenario. Default: three equal servers, one balancer. */
  readonly cluster?: Parameters<typeof clusterSpec.parse>[0];
  /** Links that tests will disturb, as `s1-database`. */
  readonly links?: readonly string[];
  /** Default 1. */
  readonly seed?: number;
  /** Longest start, and longest stop. Default 120,000. */
  readonly timeoutMs?: number;
}

/** One cluster for the tests of a file or a `describe`; each test is a tenant with users of its own. */
export interface SharedCluster {
  readonly spec: ReturnType<typeof clusterSpec.parse>;
  /** Runs work on the cluster instead of on one of its own. */
  backendFor(tenant: number): Backend;
}

/** Starts before the tests around it and is removed after them. To be called where tests are declared. */
export function sharedCluster(options: SharedClusterOptions = {}): SharedCluster {
  const { backend: name = 'processes', links = [], seed = 1, timeoutMs = 120_000 } = options;
  const spec = clusterSpec.parse(options.cluster ?? {});
  const backend: Backend = backends[name];
  const over = Promise.withResolvers<void>();
  let cluster: Cluster | null = null;
  let ended: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    const begun = Promise.withResolvers<Cluster>();
    const order = {
      spec,
      seed,
      links,
      logDirectory: null,
      log: { write: () => {} },
      signal: new AbortController().signal,
    };
    ended = backend.run(order, async (started) => {
      begun.resolve(started);
      await over.promise;
    });
    ended.catch(begun.reject);
    cluster = await begun.promise;
  }, timeoutMs);
  afterAll(async () => {
    over.resolve();
    await ended;
  }, timeoutMs);

  return {
    spec,
    backendFor: (tenant) => ({
      ...backend,
      run: async (order, work) => {
        if (cluster === null) throw new Problem('The shared cluster is not there: it runs only while tests do.');
        return await work(tenantOf(cluster, runTag(order.seed, tenant)));
      },
    }),
  };
}

// ---

/** The cluster as one tenant sees it: stored messages of conversations in which somebody of theirs wrote. */
function tenantOf(cluster: Cluster, tag: string): Cluster {
  // Getters of the cluster, such as its signal, stay its own.
  return Object.assign(Object.create(cluster) as Cluster, { stored: () => storedOf(cluster, tag) });
}

async function* storedOf(cluster: Cluster, tag: string): AsyncIterable<StoredMessage> {
  const conversations = new Set<number>();
  for await (const { conversation, sender } of cluster.stored()) {
    if (userIndexOf(tag, sender) >= 0) conversations.add(conversation);
  }
  for await (const message of cluster.stored()) if (conversations.has(message.conversation)) yield message;
}
