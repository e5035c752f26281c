/** Disturbs servers, heals them, and waits until nothing more comes. */
import type { Ms } from '../../system/index.ts';
import type { Person } from './person.ts';
import { mark, type Stage, waitFor } from './stage.ts';

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

/** All servers up, all users connected. */
export async function heal(stage: Stage): Promise<void> {
  for (const server of [...stage.paused]) await disturb(stage, { kind: 'resume', server: Number(server.slice(1)) });
  for (const server of [...stage.down]) await disturb(stage, { kind: 'start', server: Number(server.slice(1)) });
  mark(stage, 'mark', 'drain');
  for (const { session } of stage.people.values()) session.start();
}

/** Waits until everybody is connected, everything is answered, and nothing has happened for a while; answers who is stuck. */
export async function recover(stage: Stage): Promise<readonly string[]> {
  const { clock, history, world } = stage;
  let seen = -1;
  let quietSinceMs = clock.now();
  await waitFor(stage, recoverMsMax, () => {
    if (history.events.length !== seen || unsettled(stage).length > 0) {
      seen = history.events.length;
      quietSinceMs = clock.now();
    }
    return clock.now() - quietSinceMs >= world.quietMs;
  });
  return unsettled(stage).map(
    ({ name, session }) => `${name} is ${session.state} with ${session.pending} operations unanswered.`,
  );
}

// ---

function unsettled(stage: Stage): Person[] {
  return [...stage.people.values()].filter(({ session }) => session.state !== 'online' || session.pending > 0);
}
