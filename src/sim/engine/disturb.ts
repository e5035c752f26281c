/** Carries out the faults of a scenario at their moments, heals them, and keeps the receipts. */
import type { FaultRecord, HistorySink } from '../../metrics/index.ts';
import { laboratory } from '../../metrics/index.ts';
import type { Log, Random } from '../../system/index.ts';
import type { Cluster } from '../backends/backend.ts';
import { type Fault, type FaultPlan, type FaultReceipt, targetOf } from '../faults/fault.ts';

export interface DisturbOrder {
  readonly cluster: Cluster;
  readonly plans: readonly FaultPlan[];
  /** Reading of the cluster's clock at the start of the run and at the start of sending. */
  readonly runStartMs: number;
  readonly sendStartMs: number;
  readonly random: Random;
  /** How many messages of this run have been accepted so far. */
  readonly accepted: () => number;
  readonly history: HistorySink;
  readonly log: Log;
}

export interface Disturbance {
  /** Names of the faults in force now, for people to look at. */
  active(): readonly string[];
  /** Heals what is still broken, and answers what happened; later calls give the same answer. A plan whose moment never came is not effective. */
  finish(): Promise<readonly FaultRecord[]>;
}

/** How often a logical moment ("after the n-th accepted message") is looked for. */
const logicalMomentPollMs = 10;

export function startDisturbance(order: DisturbOrder): Disturbance {
  const running = order.plans.map((plan, index) => runPlan(order, plan, order.random.fork(`fault:${index}`)));
  let finished: Promise<readonly FaultRecord[]> | null = null;
  return {
    active: () => running.filter((one) => one.isActive()).map((one) => one.label),
    finish() {
      finished ??= Promise.all(running.map((one) => one.finish()));
      return finished;
    },
  };
}

// ---

interface RunningPlan {
  readonly label: string;
  isActive(): boolean;
  finish(): Promise<FaultRecord>;
}

function runPlan(order: DisturbOrder, plan: FaultPlan, random: Random): RunningPlan {
  const target = resolveTarget(plan, order.cluster, random);
  const { fault, healing, lastsMs } = actsOf(plan, target);
  let begun: FaultReceipt | null = null;
  let healed: FaultReceipt | null = null;
  let work: Promise<void> = Promise.resolve();
  let cancelHealing = (): void => undefined;

  const heal = async (): Promise<void> => {
    if (healed || !begun) return;
    healed = await act(order, healing, 'heal');
  };
  const begin = async (): Promise<void> => {
    begun = await act(order, fault, 'fault');
    if (lastsMs === null) return;
    cancelHealing = order.cluster.clock.after(lastsMs, () => {
      work = work.then(heal);
    });
  };
  const cancelWait = waitFor(order, plan, () => {
    work = begin();
  });

  return {
    label: `${plan.kind} ${target}`,
    isActive: () => begun !== null && healed === null,
    async finish() {
      cancelWait();
      cancelHealing();
      await work;
      const leaveBroken = lastsMs === null && plan.kind === 'slow';
      if (!leaveBroken) await heal();
      return recordOf(order, { kind: plan.kind, target, begun, healed });
    },
  };
}

function recordOf(
  order: DisturbOrder,
  facts: { kind: string; target: string; begun: FaultReceipt | null; healed: FaultReceipt | null },
): FaultRecord {
  const { kind, target, begun, healed } = facts;
  if (!begun) {
    const now = order.cluster.clock.now() - order.runStartMs;
    return { kind, target, fromMs: now, toMs: now, effective: false, proof: 'its moment never came' };
  }
  return {
    kind,
    target,
    fromMs: begun.atMs - order.runStartMs,
    toMs: healed ? healed.atMs - order.runStartMs : null,
    effective: begun.effective && (healed?.effective ?? true),
    proof: healed ? `${begun.proof}; ${healed.proof}` : begun.proof,
  };
}

async function act(order: DisturbOrder, fault: Fault, kind: 'fault' | 'heal'): Promise<FaultReceipt> {
  const receipt = await order.cluster.apply(fault).catch((error: unknown): FaultReceipt => {
    order.log.write('warn', 'a fault could not be applied', {
      kind: fault.kind,
      target: targetOf(fault),
      error: String(error),
    });
    return { effective: false, proof: `could not be applied: ${String(error)}`, atMs: order.cluster.clock.now() };
  });
  order.history.add({
    t: receipt.atMs - order.runStartMs,
    actor: laboratory,
    session: 0,
    kind,
    op: 'fault',
    conversation: 0,
    seq: 0,
    clientId: 0,
    peer: -1,
    detail: `${fault.kind} ${targetOf(fault)}`,
  });
  return receipt;
}

function waitFor(order: DisturbOrder, plan: FaultPlan, then: () => void): () => void {
  const { clock } = order.cluster;
  if ('ms' in plan.at) return clock.after(order.sendStartMs + plan.at.ms - clock.now(), then);
  const count = plan.at.afterAccepted;
  let cancel = (): void => undefined;
  const look = (): void => {
    if (order.accepted() >= count) then();
    else cancel = clock.after(logicalMomentPollMs, look);
  };
  look();
  return () => cancel();
}

function resolveTarget(plan: FaultPlan, cluster: Cluster, random: Random): string {
  const named = targetOf(plan);
  if (named !== 'any') return named;
  const choice = plan.kind === 'balancerKill' ? cluster.balancers : cluster.servers;
  return choice[Math.floor(random.next() * choice.length)]!;
}

function actsOf(plan: FaultPlan, target: string): { fault: Fault; healing: Fault; lastsMs: number | null } {
  const server = target;
  switch (plan.kind) {
    case 'kill':
    case 'drain':
      return { fault: { kind: plan.kind, server }, healing: { kind: 'start', server }, lastsMs: plan.downMs };
    case 'pause':
      return { fault: { kind: 'pause', server }, healing: { kind: 'resume', server }, lastsMs: plan.forMs };
    case 'databaseRestart':
      return {
        fault: { kind: 'databaseStop', how: plan.how },
        healing: { kind: 'databaseStart' },
        lastsMs: plan.downMs,
      };
    case 'databasePause':
      return { fault: { kind: 'databasePause' }, healing: { kind: 'databaseResume' }, lastsMs: plan.forMs };
    case 'balancerKill':
      return {
        fault: { kind: 'balancerKill', balancer: target },
        healing: { kind: 'balancerStart', balancer: target },
        lastsMs: plan.downMs,
      };
    case 'disconnect':
      return { fault: { kind: 'disconnect', server }, healing: { kind: 'reconnect', server }, lastsMs: plan.forMs };
    case 'linkSlow':
    case 'linkCut':
    case 'linkHalfOpen':
    case 'linkReset':
      return { fault: plan, healing: { kind: 'linkOpen', link: plan.link }, lastsMs: plan.forMs };
    case 'slow':
      return {
        fault: { kind: 'slow', server, cpuShare: plan.cpuShare },
        healing: { kind: 'resume', server },
        lastsMs: plan.forMs,
      };
  }
}
