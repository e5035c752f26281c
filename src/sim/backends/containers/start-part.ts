/** What the containers of a cluster are started with. */
import { Wait } from 'testcontainers';
import { embeddedSettings, nodeFlags } from '../../../system/node.ts';
import type { Address } from '../../links/behaviour.ts';
import { splitSettings } from '../processes/settings.ts';
import { bringUpPart } from './bring-up-part.ts';
import { type Setting, urlOf } from './cluster.ts';
import { imageEntry } from './image-parts.ts';
import type { Part } from './part.ts';
import { type Place, PlacedContainer, PlacedPostgres, type Quota } from './placed.ts';

export interface DatabaseAccess {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export function startDatabase(setting: Setting): Promise<Part> {
  const { postgresImage, access, quotas } = setting;
  const place = placeOf(setting, { name: 'database', port: databasePort, quota: quotas.database });
  const container = new PlacedPostgres(postgresImage, place)
    .withUsername(access.user)
    .withPassword(access.password)
    .withDatabase(access.database)
    // As the database of the processes backend is made and set, so that figures can be held against each other.
    .withEnvironment({ POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C' })
    .withCommand(['postgres', ...databaseFlags()])
    .withWaitStrategy(Wait.forLogMessage(/\S/));
  return bringUpPart(setting, { role: 'database', place, image: postgresImage }, container);
}

export async function startServer(setting: Setting, name: string, index: number): Promise<Part> {
  const { serverSettings, hashCost } = splitSettings(setting.order.spec.server);
  const { host, port } = await reach(setting, name, { name: 'database', port: databasePort });
  const database = urlOf(setting.access, `${host}:${port}`);
  const settings = { database, databaseWaitMs, settings: serverSettings, hashCost };
  return startSystem(setting, { name, role: 'server', quota: setting.quotas.servers[index]!, settings });
}

export async function startBalancer(setting: Setting, name: string): Promise<Part> {
  const { spec, seed } = setting.order;
  const servers = await Promise.all(
    spec.servers.map(async (_, index) => {
      const id = `s${index + 1}`;
      return { id, ...(await reach(setting, name, { name: id, port: systemPort })) };
    }),
  );
  const settings = { servers, strategy: spec.strategy, probeMs: spec.probeMs, seed };
  return startSystem(setting, { name, role: 'balancer', quota: setting.quotas.balancer, settings });
}

// ---

const databasePort = 5432;
const systemPort = 8080;
/** The first start of a database makes its data directory. */
const databaseWaitMs = 60_000;
const announced = /"kind":"ready"/;

/** Where `from` finds a part: on the network, or, if their link is to be disturbed, at the proxy before it. */
async function reach(
  setting: Setting,
  from: string,
  { name, port }: { readonly name: string; readonly port: number },
): Promise<Address> {
  const { order, links, engine, ports } = setting;
  const link = `${from}-${name}`;
  if (!order.links?.includes(link)) return { host: addressOf(setting, name), port };
  const proxy = await links.via(link, { host: engine.host, port: ports.get(name)! });
  return proxy.host === engine.host ? { ...proxy, host: hostName } : proxy;
}

/** What containers call this machine where it is not their gateway. */
const hostName = 'host.docker.internal';

/** How the others on the network call a part. */
function addressOf({ identity }: Setting, name: string): string {
  return `${identity.id}-${name}`;
}

function placeOf(setting: Setting, part: { name: string; port: number; quota: Quota }): Place {
  const { identity, ports, engine } = setting;
  return {
    name: addressOf(setting, part.name),
    network: identity.id,
    labels: { ...identity.labels, 'nawaab.part': part.name },
    port: { container: part.port, host: ports.get(part.name)! },
    hostAddress: engine.local ? '127.0.0.1' : null,
    quota: part.quota,
  };
}

/** Addresses and sockets are the image's own matter. */
function databaseFlags(): readonly string[] {
  const { listen_addresses, unix_socket_directories, ...settings } = embeddedSettings;
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

interface SystemPart {
  readonly name: string;
  readonly role: 'server' | 'balancer';
  readonly quota: Quota;
  readonly settings: Readonly<Record<string, unknown>>;
}

function startSystem(setting: Setting, { name, role, quota, settings }: SystemPart): Promise<Part> {
  const place = placeOf(setting, { name, port: systemPort, quota });
  const own = { ...settings, name, host: '0.0.0.0', port: systemPort };
  const container = new PlacedContainer(setting.image.name, place)
    .withEntrypoint(['node', ...nodeFlags[role], imageEntry, role])
    .withCommand([])
    .withEnvironment({ NAWAAB_SETTINGS: JSON.stringify(own) })
    .withWaitStrategy(Wait.forLogMessage(announced));
  return bringUpPart(setting, { role, place, image: setting.image.name }, container);
}
