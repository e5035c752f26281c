/** A real cluster with one user who has a group, for bytes through everything: balancer, servers, PostgreSQL. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConversationId,
  createSession,
  signIn,
  signUp,
  type Transport,
  type UserName,
} from '../../src/system/index.ts';
import {
  createLog,
  createSystemClock,
  createSystemRandom,
  createWsTransport,
  type LocalCluster,
  startLocalCluster,
} from '../../src/system/node.ts';

export interface BlobCluster {
  readonly cluster: LocalCluster;
  /** Through the balancer. */
  readonly transport: Transport;
  readonly token: string;
  /** A group of the user alone. */
  readonly conversation: ConversationId;
  signIn(name: string): Promise<{ readonly token: string; readonly name: UserName }>;
  stop(): Promise<void>;
}

export async function startBlobCluster(
  servers: number,
  serverSettings: Readonly<Record<string, number>> = {},
): Promise<BlobCluster> {
  const home = mkdtempSync(join(tmpdir(), 'blob-cluster-'));
  // PostgreSQL may run as another user.
  chmodSync(home, 0o755);
  const cluster = await startLocalCluster({
    servers,
    database: { kind: 'embedded', directory: join(home, 'database'), persistent: false },
    logDirectory: join(home, 'logs'),
    hashCost: { memoryKiB: 8, passes: 1 },
    serverSettings,
    log,
  });
  const transport = createWsTransport({ origin: cluster.endpoints[0]! });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const { token, device } = await account(transport, 'ada');
    const conversation = await createGroup({ transport, token, device });
    return { cluster, transport, token, conversation, signIn: (name) => account(transport, name), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

// ---

const log = createLog({ component: 'test', destination: { write: () => {} } });

async function account(transport: Transport, name: string) {
  await signUp(transport, { name, password: 'correct horse' });
  const answer = await signIn(transport, { name, password: 'correct horse', device: 'test' });
  if (answer.kind !== 'ok') throw new Error(`${name} could not sign in: ${JSON.stringify(answer)}`);
  return answer.value;
}

function createGroup(who: { transport: Transport; token: string; device: never | number }): Promise<ConversationId> {
  const world = { clock: createSystemClock(), random: createSystemRandom(), log, transport: who.transport };
  const settings = {
    token: who.token,
    device: who.device as never,
    backoffBaseMs: 50,
    backoffMaxMs: 500,
    ackDelayMs: 20,
  };
  return new Promise((resolve) => {
    const session = createSession(world, settings, {
      accepted: ({ conversation }) => {
        session.stop();
        resolve(conversation);
      },
    });
    session.start();
    session.createGroup('album');
  });
}
