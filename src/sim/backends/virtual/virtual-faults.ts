import type { Clock } from '../../../system/index.ts';
import type { Fault, FaultReceipt } from '../../faults/fault.ts';
import { unknownName } from '../../problem.ts';
import type { ServerNode } from './server-node.ts';

/** Acts on one server and answers with what it then looked like. */
export async function applyFault(
  fault: Fault,
  world: { readonly nodes: readonly ServerNode[]; readonly clock: Clock },
): Promise<FaultReceipt> {
  const node = world.nodes.find(({ id }) => id === fault.server);
  if (!node)
    throw unknownName(
      'server',
      fault.server,
      world.nodes.map(({ id }) => id),
    );
  const { effective, proof } = await act(fault, node);
  return { effective, proof, atMs: world.clock.now() };
}

// ---

type Effect = Pick<FaultReceipt, 'effective' | 'proof'>;

async function act(fault: Fault, node: ServerNode): Promise<Effect> {
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
  }
}

function down(node: ServerNode, { wasUp, how }: { wasUp: boolean; how: string }): Effect {
  if (!wasUp) return { effective: false, proof: `${node.id} was down already` };
  return { effective: node.door === null, proof: `${node.id} was ${how}` };
}

function onLive(node: ServerNode, proof: string): Effect {
  return node.door === null ? { effective: false, proof: `${node.id} is down` } : { effective: true, proof };
}
