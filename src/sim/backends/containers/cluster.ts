/** Starts a cluster of containers on a network of its own, and removes it. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { freePorts, serversFound } from '../../../system/node.ts';
import { createLinks, type Links } from '../../links/links.ts';
import { Problem } from '../../problem.ts';
import { answersQuery } from '../answers-query.ts';
import type { ClusterOrder } from '../backend.ts';
import { settled } from '../live-work.ts';
import { waitUntil } from '../processes/proof.ts';
import { type Death, type DeathWatch, watchDeaths } from './deaths.ts';
import type { Engine } from './engine.ts';
import { type Identity, newIdentity } from './identity.ts';
import { type BuiltImage, imageNames, systemImage } from './image.ts';
import { removeCluster } from './leftovers.ts';
import { explainDeath, type Part } from './part.ts';
import { type Quotas, quotasOf } from './quotas.ts';
import { type DatabaseAccess, startBalancer, startDatabase, startServer } from './start-part.ts';

export interface ContainerCluster {
  readonly engine: Engine;
  readonly links: Links;
  readonly network: string;
  readonly database: Part;
  /** From this machine. */
  readonly databaseUrl: string;
  readonly servers: readonly Part[];
  readonly balancers: readonly Part[];
  readonly image: BuiltImage;
}

/** What all parts of a cluster are started with. */
export interface Setting {
  readonly engine: Engine;
  readonly identity: Identity;
  readonly order: ClusterOrder;
  readonly logDirectory: string;
  readonly image: BuiltImage;
  readonly postgresImage: string;
  readonly quotas: Quotas;
  readonly access: DatabaseAccess;
  readonly links: Links;
  readonly deaths: DeathWatch;
  /** Ports of this machine, by the name of the part. */
  readonly ports: ReadonlyMap<string, number>;
}

/** Hears of parts that die without having been told to, in words for people. */
export interface Mourners {
  /** The cluster cannot go on. */
  readonly breaks: (what: string) => void;
  /** A server has used up the memory that it was given; the others go on without it. */
  readonly lost: (part: Part, what: string) => void;
}

/** Starts all parts and lets `work` have them; whatever happens, nothing is left afterwards. */
export async function withCluster<T>(
  { engine, order, logDirectory }: Pick<Setting, 'engine' | 'order' | 'logDirectory'>,
  { breaks, lost }: Mourners,
  work: (cluster: ContainerCluster) => Promise<T>,
): Promise<T> {
  mkdirSync(logDirectory, { recursive: true });
  const prepared = await prepare(engine, order, logDirectory);
  const { docker } = engine;
  const { id } = prepared.identity;
  const parts = new Map<string, Part>();
  const remove = () => removeCluster(docker, id);
  // Also while parts are being started: those that are under way then fail at once.
  const giveUp = () => void remove().catch(() => {});
  order.signal.addEventListener('abort', giveUp);
  let running = false;
  const heard = async (part: Part, death: Death): Promise<void> => {
    const { outOfMemory, words } = await explainDeath(part, death);
    part.wanted = 'down';
    const serversLeft = [...parts.values()].some(({ role, wanted }) => role === 'server' && wanted === 'up');
    if (running && outOfMemory && serversLeft) lost(part, words);
    else breaks(words);
  };
  const deaths = await watchDeaths(docker, id, (name, death) => {
    const part = parts.get(name.slice(id.length + 1));
    if (part?.wanted === 'up') void heard(part, death);
  });
  let links: Links | null = null;
  try {
    order.signal.throwIfAborted();
    links = createLinks({ ...(await placeLinks(prepared)), seed: order.seed, died: breaks });
    const cluster = await startAll({ ...prepared, links, deaths }, parts);
    order.signal.throwIfAborted();
    running = true;
    return await work(cluster);
  } finally {
    for (const part of parts.values()) part.wanted = 'down';
    deaths.stop();
    order.signal.removeEventListener('abort', giveUp);
    await remove();
    await links?.stop();
  }
}

// ---

type Prepared = Omit<Setting, 'links' | 'deaths'>;

async function prepare(engine: Engine, order: ClusterOrder, logDirectory: string): Promise<Prepared> {
  const { spec, log } = order;
  const names = [...numbered('s', spec.servers.length), ...numbered('b', spec.balancers), 'database'];
  const [image, ports] = await Promise.all([systemImage(engine, log), freePorts(names.length, '127.0.0.1')]);
  return {
    engine,
    identity: newIdentity(),
    order,
    logDirectory,
    image,
    postgresImage: imageNames().postgres,
    quotas: quotasOf(spec, engine.cpus),
    access: { user: 'nawaab', password: randomBytes(18).toString('base64url'), database: 'chat' },
    ports: new Map(names.map((name, index) => [name, ports[index]!])),
  };
}

/** Makes the network. Links that are disturbed pass through this machine, where the network's own gateway is. */
async function placeLinks({ engine, identity, order }: Prepared): Promise<{ wanted: readonly string[]; host: string }> {
  const { links: wanted = [] } = order;
  if (wanted.length > 0 && !engine.local) {
    throw new Problem(
      'The containers run on another machine, and links cannot be disturbed there: use a local engine.',
    );
  }
  const { id: name, labels } = identity;
  const network = await engine.docker.createNetwork({ Name: name, Driver: 'bridge', Labels: { ...labels } });
  const { IPAM } = (await network.inspect()) as { IPAM?: { Config?: readonly { Gateway?: string }[] } };
  const gateway = IPAM?.Config?.[0]?.Gateway;
  // Elsewhere the engine runs in a virtual machine of its own, and forwards to the loopback address.
  return { wanted, host: process.platform === 'linux' && gateway !== undefined ? gateway : '127.0.0.1' };
}

/** All at once: a server waits for its database, a balancer looks for its servers until they are there. */
async function startAll(setting: Setting, parts: Map<string, Part>): Promise<ContainerCluster> {
  const { engine, identity, order, access, ports, links, image } = setting;
  const noted = async (starting: Promise<Part>): Promise<Part> => {
    const part = await starting;
    parts.set(part.name, part);
    return part;
  };
  const starting = {
    database: noted(startDatabase(setting)),
    servers: numbered('s', order.spec.servers.length).map((name, index) => noted(startServer(setting, name, index))),
    balancers: numbered('b', order.spec.balancers).map((name) => noted(startBalancer(setting, name))),
  };
  const all = [starting.database, ...starting.servers, ...starting.balancers];
  try {
    await Promise.all(all);
  } catch (error) {
    for (const part of parts.values()) part.wanted = 'down';
    // What is still being made must be there before it can be removed.
    await removeCluster(engine.docker, identity.id).catch(() => {});
    await settled(Promise.allSettled(all), endMs);
    order.signal.throwIfAborted();
    throw error;
  }
  const [database, servers, balancers] = await Promise.all([
    starting.database,
    Promise.all(starting.servers),
    Promise.all(starting.balancers),
  ]);
  const databaseUrl = urlOf(access, `${engine.host}:${ports.get('database')}`);
  const answers = await waitUntil(() => answersQuery(databaseUrl), readyMs, order.signal);
  if (!answers)
    throw new Problem(`PostgreSQL took no connections within ${readyMs / 1000} s; its log is ${database.logFile}.`);
  await Promise.all(balancers.map((balancer) => serversFound(balancer, order.signal)));
  return { engine, links, network: identity.id, database, databaseUrl, servers, balancers, image };
}

const endMs = 20_000;
const readyMs = 30_000;

export function urlOf({ user, password, database }: DatabaseAccess, address: string): string {
  return `postgres://${user}:${password}@${address}/${database}`;
}

function numbered(letter: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}
