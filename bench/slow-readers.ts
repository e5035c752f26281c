/**
 * Readers who stop reading: `--readers N` (500) members of one group connect through the balancer and then leave their sockets
 * unread, while another member writes `--rate N` (60) messages a second of `--bytes N` (3000) into it and one more reads
 * everything. Measured are the resident memory of servers and balancer before, at most, and after the servers have given the
 * slow ones up, and what the good reader got. Real processes and PostgreSQL on this machine. `--seconds N` (90).
 */
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { median } from '../src/metrics/index.ts';
import type { Cluster } from '../src/sim/backends/backend.ts';
import type { ConversationId, UserName } from '../src/system/index.ts';
import { type BenchUser, joinAs, onCluster, signedUp } from './support/cluster.ts';
import { printFigures, rounded } from './support/run-once.ts';

const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '500' },
    rate: { type: 'string', default: '60' },
    bytes: { type: 'string', default: '3000' },
    seconds: { type: 'string', default: '90' },
  },
});
const [readers, rate, bytes, seconds] = [values.readers, values.rate, values.bytes, values.seconds].map(Number) as [
  number,
  number,
  number,
  number,
];
const payload = 'A'.repeat(Math.ceil((bytes * 4) / 3));
/** Of one operation. */
const usersPerChange = 250;
/** A device in the laboratory hashes its password thousands of times less thoroughly than one in earnest. */
const server = { hashMemoryKiB: 8, hashPasses: 1 };

printFigures(await onCluster({ server }, measure));

// ---

async function measure(cluster: Cluster): Promise<Record<string, unknown>> {
  const names = Array.from({ length: readers }, (_, index) => `slow${index}`);
  const tokens: string[] = [];
  for (const name of names) tokens.push((await signedUp(cluster, name)).token);
  const [writer, reader] = [await joinAs(cluster, 'writer'), await joinAs(cluster, 'reader')];
  const group = await groupOf(writer, ['reader', ...names] as UserName[]);
  const sockets = tokens.map((token) => deafReader(cluster, token));
  const delays: number[] = [];
  const sentAt = new Map<number, number>();
  const { clock } = cluster;
  reader.handle({
    entry: (entry) => entry.type === 'message' && void delays.push(clock.now() - sentAt.get(entry.clientId)!),
  });
  reader.session.start();
  await passed(cluster, 3000);

  const before = await look(cluster);
  const most = new Map(before.rss);
  const endMs = clock.now() + seconds * 1000;
  let sent = 0;
  for (let nextMs = clock.now(); nextMs < endMs; nextMs += 1000) {
    for (let n = 0; n < rate; n++) {
      await passed(cluster, nextMs + (n * 1000) / rate - clock.now());
      const clientId = writer.session.send(group, payload);
      sentAt.set(clientId, clock.now());
      sent++;
    }
    const { rss, sessions } = await look(cluster);
    for (const [name, now] of rss) most.set(name, Math.max(now, most.get(name) ?? 0));
    console.log(`${sent} sent, ${delays.length} read; ${sessions} connected; ${inWords(rss)}`);
  }
  await passed(cluster, 5000);
  const after = await look(cluster);
  for (const socket of sockets) socket.terminate();
  for (const { session } of [writer, reader]) session.stop();
  return {
    readers,
    sent,
    readByTheGoodOne: delays.length,
    goodDelayP50Ms: rounded(median(delays)),
    goodDelayMaxMs: rounded(Math.max(...delays)),
    connectedBefore: before.sessions,
    connectedAfter: after.sessions,
    ...inMiB('beforeMiB', before.rss),
    ...inMiB('mostMiB', most),
    ...inMiB('afterMiB', after.rss),
  };
}

function inWords(memory: ReadonlyMap<string, number>): string {
  return [...memory].map(([name, rss]) => `${name} ${mebibytes(rss)} MiB`).join(', ');
}

function inMiB(label: string, memory: ReadonlyMap<string, number>): Record<string, unknown> {
  return { [label]: Object.fromEntries([...memory].map(([name, rss]) => [name, mebibytes(rss)])) };
}

function mebibytes(size: number): number {
  return Math.round(size / 1024 ** 2);
}

/** Resident bytes of servers and balancers, and sessions of the servers. */
async function look(cluster: Cluster): Promise<{ rss: Map<string, number>; sessions: number }> {
  const samples = await cluster.sample();
  const parts = samples.filter(({ role }) => role === 'server' || role === 'balancer');
  const servers = samples.filter(({ role }) => role === 'server');
  return {
    rss: new Map(parts.map(({ name, rssBytes }) => [name, rssBytes ?? 0])),
    sessions: servers.reduce((sum, { sessions }) => sum + (sessions ?? 0), 0),
  };
}

function passed(cluster: Cluster, ms: number): Promise<void> {
  return new Promise((resolve) => cluster.clock.after(Math.max(0, ms), resolve));
}

/** Says hello, and from then on leaves what comes where it is. */
function deafReader(cluster: Cluster, token: string): WebSocket {
  const socket = new WebSocket(`${cluster.endpoints[0]!.replace('http', 'ws')}/v1/socket`, {
    perMessageDeflate: false,
  });
  socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', token })));
  socket.once('message', () => socket.pause());
  socket.on('error', () => {});
  return socket;
}

async function groupOf({ session, handle }: BenchUser, users: readonly UserName[]): Promise<ConversationId> {
  session.start();
  let answered = Promise.withResolvers<ConversationId>();
  handle({
    accepted: ({ conversation }) => answered.resolve(conversation),
    refused: ({ code }) => answered.reject(new Error(`The group was refused: ${code}.`)),
  });
  session.createGroup('everybody', users.slice(0, usersPerChange));
  const group = await answered.promise;
  for (let from = usersPerChange; from < users.length; from += usersPerChange) {
    answered = Promise.withResolvers();
    session.invite(group, users.slice(from, from + usersPerChange));
    await answered.promise;
  }
  return group;
}
