/** Disturbs servers, heals them, and waits until nothing more comes. */
import { type Ms, parseServerSettings } from '../../system/index.ts';
import type { LinkFault } from '../faults/fault.ts';
import { type LinkOperation, linkOf, type Way } from './operation.ts';
import type { Person } from './person.ts';
import { mark, type Stage, waitFor } from './stage.ts';
import type { FlowWorld } from './world.ts';

/** How long recovery may take after everything is healed. */
const recoverMsMax: Ms = 60_000;

export interface Disturbance {
  readonly kind: 'kill' | 'start' | 'pause' | 'resume';
  readonly server: number;
}

/** False when it had no effect. */
export async function disturb(stage: Stage, act: Disturbance): Promise<boolean> {
  const server = `s${act.server}`;
  const { effective } = await stage.cluster.apply({ kind: act.kind, server });
  const among = act.kind === 'kill' || act.kind === 'start' ? stage.down : stage.paused;
  const healing = act.kind === 'start' || act.kind === 'resume';
  if (healing) among.delete(server);
  else among.add(server);
  if (act.kind === 'kill') stage.paused.delete(server);
  mark(stage, healing ? 'heal' : 'fault', `${act.kind} ${server}`);
  return effective;
}

/**
 * False when it cannot be done. What follows happens on the disturbed link: nobody waits for the proof, which may take
 * longer than the disturbance lasts. That links are disturbed is shown by tests of their own.
 */
export function disturbLink(stage: Stage, one: LinkOperation): boolean {
  if (!stage.world.links) return false;
  if (one.do === 'halveLink') {
    if (findsOutMs(stage.world, one.side) > patienceMsMax) return false;
    stage.halved.add(one.side);
  }
  act(stage, linkFaultOf(one.do, linkOf(one)));
  return true;
}

/** All links and servers as before, all users connected. */
export async function heal(stage: Stage): Promise<void> {
  for (const link of [...stage.disturbed]) act(stage, { kind: 'linkOpen', link });
  for (const server of [...stage.paused]) await disturb(stage, { kind: 'resume', server: Number(server.slice(1)) });
  for (const server of [...stage.down]) await disturb(stage, { kind: 'start', server: Number(server.slice(1)) });
  mark(stage, 'mark', 'drain');
  for (const { session } of stage.people.values()) session.start();
}

/** Waits until everybody is connected, everything is answered, and nothing has happened for a while; answers who is stuck. */
export async function recover(stage: Stage): Promise<readonly string[]> {
  const { clock, history } = stage;
  const quietMs = quietMsOf(stage);
  let seen = -1;
  let quietSinceMs = clock.now();
  await waitFor(stage, recoverMsMax, () => {
    if (history.events.length !== seen || unsettled(stage).length > 0) {
      seen = history.events.length;
      quietSinceMs = clock.now();
    }
    return clock.now() - quietSinceMs >= quietMs;
  });
  return unsettled(stage).map(
    ({ name, session }) => `${name} is ${session.state} with ${session.pending} operations unanswered.`,
  );
}

// ---

/** A client gives a silent connection up after so many heartbeats, and a server has so many connections to the database. */
const heartbeatsMax = 3;
const connectionsMax = 8;
/** A flow waits no longer than this for one who finds out late. */
const patienceMsMax: Ms = 6000;

/** How long the near end may take to find out that its connections have no far end. */
function findsOutMs({ spec, answerMs }: FlowWorld, side: Way['side']): Ms {
  const { heartbeatMs, backstopMs, recheckMs } = parseServerSettings({ ...spec.server, server: 's1' });
  // Each question of a round over a dead connection fails; the next round takes the next one.
  return side === 'users' ? heartbeatsMax * heartbeatMs : connectionsMax * (answerMs + Math.max(backstopMs, recheckMs));
}

function quietMsOf({ world, halved }: Stage): Ms {
  return [...halved].reduce((sum, side) => sum + findsOutMs(world, side), world.quietMs);
}

function act(stage: Stage, fault: LinkFault): void {
  const healing = fault.kind === 'linkOpen';
  if (healing) stage.disturbed.delete(fault.link);
  else stage.disturbed.add(fault.link);
  const proof = stage.cluster.apply(fault);
  // It is looked at in the end.
  proof.catch(() => undefined);
  stage.proofs.push(proof);
  mark(stage, healing ? 'heal' : 'fault', `${fault.kind} ${fault.link}`);
}

function linkFaultOf(does: LinkOperation['do'], link: string): LinkFault {
  switch (does) {
    case 'cutLink':
      return { kind: 'linkCut', link };
    case 'slowLink':
      return { kind: 'linkSlow', link, ...late };
    case 'halveLink':
      return { kind: 'linkHalfOpen', link };
    case 'resetLink':
      return { kind: 'linkReset', link };
    case 'healLink':
      return { kind: 'linkOpen', link };
  }
}

/**
 * Late enough for others to overtake, and narrow enough for a page of a backlog to take its time. Even, for unevenness would be
 * measured before.
 */
const late = { delayMs: 20, jitterMs: 0, bytesPerSec: 50_000 } as const;

function unsettled(stage: Stage): Person[] {
  return [...stage.people.values()].filter(({ session }) => session.state !== 'online' || session.pending > 0);
}
