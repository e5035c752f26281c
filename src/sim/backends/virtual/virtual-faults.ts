import type { Clock } from '../../../system/index.ts';
import type { BalancerFault, DatabaseFault, Fault, FaultReceipt, LinkFault, ServerFault } from '../../faults/fault.ts';
import { applyLinkFault } from '../../links/link-faults.ts';
import { unknownName } from '../../problem.ts';
import type { BalancerNode } from './balancer-node.ts';
import type { ServerNode } from './server-node.ts';
import type { VirtualDatabase } from './virtual-database.ts';
import type { VirtualLinks } from './virtual-links.ts';

interface FaultWorld {
  readonly nodes: readonly ServerNode[];
  readonly balancers: readonly BalancerNode[];
  readonly database: VirtualDatabase;
  readonly links: VirtualLinks;
  readonly clock: Clock;
}

/** Acts on one component and answers with what it then looked like. */
export async function applyFault(fault: Fault, world: FaultWorld): Promise<FaultReceipt> {
  if ('link' in fault) return applyLinkFault(world, fault);
  const { effective, proof } = await actOn(fault, world);
  return { effective, proof, atMs: world.clock.now() };
}

// ---

type Effect = Pick<FaultReceipt, 'effective' | 'proof'>;

async function actOn(
  fault: Exclude<Fault, LinkFault>,
  { nodes, balancers, database, links }: FaultWorld,
): Promise<Effect> {
  if ('server' in fault) {
    const node = nodes.find(({ id }) => id === fault.server);
    const known = nodes.map(({ id }) => id);
    if (!node) throw unknownName('server', fault.server, known);
    return actOnServer(fault, node, links);
  }
  if ('balancer' in fault) {
    const gate = balancers.find(({ name }) => name === fault.balancer);
    const known = balancers.map(({ name }) => name);
    if (!gate) throw unknownName('balancer', fault.balancer, known);
    return actOnBalancer(fault, gate);
  }
  return actOnDatabase(fault, database);
}

async function actOnServer(fault: ServerFault, node: ServerNode, links: VirtualLinks): Promise<Effect> {
  const wasUp = node.door !== null;
  const { connections } = node;
  switch (fault.kind) {
    case 'kill':
      node.kill();
      return down(node, { wasUp, how: `killed with ${connections} connections` });
    case 'drain':
      await node.drain();
      return down(node, { wasUp, how: `ended by itself, having had ${connections} connections` });
    case 'start':
      await node.start();
      return { effective: node.door?.listening ?? false, proof: `${node.id} takes connections` };
    case 'pause':
      node.pause();
      return onLive(node, `${node.id}'s core stands still with ${connections} connections`);
    case 'resume':
      node.resume();
      return onLive(node, `${node.id}'s core runs as before`);
    case 'slow':
      node.setCpuShare(fault.cpuShare);
      return onLive(node, `${node.id}'s core has ${fault.cpuShare} of its time`);
    case 'disconnect':
    case 'reconnect':
      return actOnNetwork(fault.kind, node, links);
  }
}

/** All links of the server at once. Proved over each of them. */
async function actOnNetwork(kind: 'disconnect' | 'reconnect', node: ServerNode, links: VirtualLinks): Promise<Effect> {
  const { id, connections } = node;
  const around = links.around(id);
  for (const link of around) link.vanish(kind === 'disconnect');
  const answers = await Promise.all(around.map(({ name }) => links.ask(name, networkMs[kind])));
  const reached = around.filter((_, index) => answers[index]!.kind === 'answered').map(({ name }) => name);
  if (kind === 'disconnect') {
    const proof = `${id} is on no network with ${connections} connections: ${describe(reached)} of ${around.length} links answer`;
    return { effective: reached.length === 0, proof };
  }
  const proof = `${id} is on its network: ${describe(reached)} of ${around.length} links answer`;
  return { effective: reached.length === around.length, proof };
}

/** Silence is believed sooner, because it holds up the run. */
const networkMs = { disconnect: 400, reconnect: 5000 } as const;

function describe(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(' and ');
}

async function actOnBalancer({ kind }: BalancerFault, gate: BalancerNode): Promise<Effect> {
  const { name, alive: wasUp, connections } = gate;
  if (kind === 'balancerStart') {
    await gate.start();
    return { effective: gate.alive, proof: `${name} takes connections` };
  }
  gate.kill();
  if (!wasUp) return { effective: false, proof: `${name} was down already` };
  return { effective: !gate.alive, proof: `${name} was killed with ${connections} connections` };
}

function actOnDatabase(fault: DatabaseFault, database: VirtualDatabase): Effect {
  const wasUp = database.process !== null;
  switch (fault.kind) {
    case 'databaseStop':
      database.stop();
      return { effective: wasUp, proof: wasUp ? `the database ended (${fault.how})` : 'the database was down already' };
    case 'databaseStart':
      database.start();
      return { effective: database.process !== null, proof: 'the database takes questions' };
    case 'databasePause':
      database.pause();
      return { effective: database.paused, proof: wasUp ? "the database's core stands still" : 'the database is down' };
    case 'databaseResume':
      database.resume();
      return { effective: wasUp && !database.paused, proof: "the database's core runs as before" };
  }
}

function down(node: ServerNode, { wasUp, how }: { wasUp: boolean; how: string }): Effect {
  if (!wasUp) return { effective: false, proof: `${node.id} was down already` };
  return { effective: node.door === null, proof: `${node.id} was ${how}` };
}

function onLive(node: ServerNode, proof: string): Effect {
  return node.door === null ? { effective: false, proof: `${node.id} is down` } : { effective: true, proof };
}
