import { errors, type ServerFrame, signIn, signUp, socketPath } from '../../../src/system/index.ts';
import { createWsTransport } from '../../../src/system/node.ts';
import { queryDatabase } from '../postgres.ts';
import type { CrashCluster } from './cluster.ts';

/** A device that asks for many things and never repeats one, so that each answer can be held against the database. */
export interface ImpatientDevice {
  /** Sends to a group of its own that has not been refused anything, and makes a further group; not while much is unanswered. */
  ask(): void;
  /** From now on it only says that it is there. */
  stop(): void;
  /** Operations without an answer. */
  readonly unanswered: number;
  /** How many operations were answered so, and what of that is not true; to be asked when nothing is unanswered. */
  reckon(): Promise<{
    readonly accepted: number;
    readonly definite: number;
    readonly uncertain: number;
    readonly lies: readonly string[];
  }>;
}

type Fate = 'accepted' | 'definite' | 'uncertain';

export async function connectImpatient(cluster: CrashCluster, name: string): Promise<ImpatientDevice> {
  const transport = createWsTransport({ origin: cluster.origin });
  const account = { name, password: 'correct horse' };
  await signUp(transport, account);
  const signedIn = await signIn(transport, { ...account, device: 'test' });
  if (signedIn.kind !== 'ok') throw new Error(`${name} could not sign in: ${JSON.stringify(signedIn)}`);
  const { token, device } = signedIn.value;
  const fates = new Map<number, Fate>();
  const groups: number[] = [];
  const asked = new Map<number, object>();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  let clientId = 0;
  let stopped = false;

  const socket = transport.open(socketPath, {
    opened: () => socket.send(JSON.stringify({ type: 'hello', token })),
    message: (text) => hear(JSON.parse(text) as ServerFrame),
    closed: () => {},
  });
  await ready;
  for (let count = 0; count < groupsMax; count++) ask({ type: 'createGroup', title: 'mine' });

  function hear(frame: ServerFrame): void {
    if (frame.type === 'caughtUp') resolve();
    else if (frame.type === 'accepted') {
      fates.set(frame.clientId, 'accepted');
      groups.push(frame.conversation);
    } else if (frame.type === 'refused' && frame.clientId !== undefined)
      fates.set(frame.clientId, errors[frame.code].definite ? 'definite' : 'uncertain');
  }

  function ask(operation: { type: 'createGroup'; title: string } | { type: 'send'; conversation: number }): void {
    const frame = { ...operation, ...(operation.type === 'send' && { epoch: 0, payload: 'eA' }), clientId: ++clientId };
    asked.set(clientId, frame);
    socket.send(JSON.stringify(frame));
  }

  return {
    stop: () => {
      stopped = true;
    },
    get unanswered() {
      return asked.size - fates.size;
    },
    ask() {
      socket.send(JSON.stringify({ type: 'ping' }));
      if (stopped || asked.size - fates.size >= unansweredMax) return;
      // A group is used again once it has answered: what follows a refusal there would only be told to wait.
      const conversation = groups.shift();
      if (conversation !== undefined) ask({ type: 'send', conversation });
      ask({ type: 'createGroup', title: 'another' });
    },
    async reckon() {
      const rows = await queryDatabase(
        cluster.database.url,
        `SELECT client_id::int AS id FROM messages WHERE device = ${device}`,
      );
      const stored = new Set(rows.map(({ id }) => Number(id)));
      const count = (fate: Fate) => [...fates.values()].filter((one) => one === fate).length;
      const lies = [...asked].flatMap(([id, frame]) => {
        const fate = fates.get(id);
        const known = JSON.stringify(frame);
        if (fate === undefined) return [`no answer to ${known}`];
        if (fate === 'accepted' && !stored.has(id)) return [`accepted, but not stored: ${known}`];
        return fate === 'definite' && stored.has(id) ? [`certainly not done, but stored: ${known}`] : [];
      });
      socket.close(1000, '');
      return { accepted: count('accepted'), definite: count('definite'), uncertain: count('uncertain'), lies };
    },
  };
}

// ---

const groupsMax = 50;
const unansweredMax = 8;
