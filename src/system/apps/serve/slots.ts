import { join } from 'node:path';
import { Problem } from '../../problem.ts';
import { given } from '../given.ts';
import type { Component, ComponentOrder } from './component.ts';
import { type Database, databaseName } from './database.ts';
import type { ComponentView, LocalClusterOptions } from './options.ts';

/** A component's place: what it is started with, and the process that holds it now. */
export interface Slot extends ComponentOrder {
  readonly host: string;
  readonly port: number;
  process: Component | null;
  /** A start that has not come to its end. */
  starting: Promise<void> | null;
  /** What is wanted; a process that ends while it is wanted up has died. */
  wanted: 'up' | 'down';
}

export interface Place {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** How long a server waits for a database that does not answer; all was up before the servers are started. */
const databaseWaitMs = 10_000;

export async function serverSlot(options: LocalClusterOptions, place: Place, { url }: Database): Promise<Slot> {
  const { serverSettings, hashCost } = options;
  const settings = {
    database: await urlVia(options, place.name, url),
    databaseWaitMs,
    settings: serverSettings ?? {},
    hashCost: hashCost ?? {},
  };
  return slotOf(options, place, { role: 'server', settings });
}

export async function balancerSlot(
  options: LocalClusterOptions,
  place: Place,
  servers: readonly Slot[],
): Promise<Slot> {
  const { strategy, probeMs, seed, via = direct, web, demo, tls } = options;
  const reach = async ({ name, host, port }: Slot) => ({ id: name, ...(await via(place.name, name, { host, port })) });
  const settings = {
    servers: await Promise.all(servers.map(reach)),
    strategy: strategy ?? 'least-connections',
    ...given({ probeMs, seed, web, demo, tls }),
  };
  return slotOf(options, place, { role: 'balancer', settings });
}

export function viewOf(slot: Slot): ComponentView {
  const { name, role, host, port, logFile } = slot;
  return { name, role, host, port, logFile, origin: originOf(slot), pid: slot.process?.pid ?? null };
}

export function originOf({ host, port }: Slot): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

export function findSlot(slots: readonly Slot[], name: string): Slot {
  const slot = slots.find((one) => one.name === name);
  if (slot !== undefined) return slot;
  throw new Problem(`There is no component "${name}". There are: ${slots.map((one) => one.name).join(', ')}.`);
}

// ---

const direct: NonNullable<LocalClusterOptions['via']> = async (_from, _to, address) => address;

async function urlVia({ via }: LocalClusterOptions, name: string, url: string): Promise<string> {
  if (via === undefined) return url;
  const there = new URL(url);
  const { host, port } = await via(name, databaseName, { host: there.hostname, port: Number(there.port) });
  there.host = `${host}:${port}`;
  return there.href;
}

function slotOf(
  { logDirectory }: LocalClusterOptions,
  { name, host, port }: Place,
  { role, settings }: Pick<ComponentOrder, 'role' | 'settings'>,
): Slot {
  return {
    name,
    role,
    host,
    port,
    logFile: join(logDirectory, `${name}.log`),
    settings: { ...settings, host, port },
    process: null,
    starting: null,
    wanted: 'down',
  };
}
