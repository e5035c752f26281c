/** Whose a container or network is: labels that let a later run tell what was left behind. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

export const clusterLabel = 'nawaab.cluster';
const ownerLabel = 'nawaab.owner';

export interface Identity {
  /** Unique; names of containers and of the network begin with it. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

export function newIdentity(): Identity {
  const id = `nawaab-${process.pid}-${randomBytes(3).toString('hex')}`;
  return { id, labels: { [clusterLabel]: id, [ownerLabel]: `${process.pid}@${hostname()}` } };
}

/** Whether the laboratory that these labels name is gone. One of another machine cannot be judged, and counts as alive. */
export function isOrphan(labels: Readonly<Record<string, string>>): boolean {
  const [pid, host] = (labels[ownerLabel] ?? '').split('@');
  return host === hostname() && !isAlive(Number(pid));
}

// ---

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
