/** The container engine of this machine, found as testcontainers finds it: DOCKER_HOST, the usual sockets, rootless ones. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { getContainerRuntimeClient } from 'testcontainers';
import { Problem } from '../../problem.ts';

type Client = Awaited<ReturnType<typeof getContainerRuntimeClient>>;
export type Docker = Client['container']['dockerode'];
export type Container = ReturnType<Docker['getContainer']>;

export interface Engine {
  readonly docker: Docker;
  /** How this machine reaches the ports that containers publish. */
  readonly host: string;
  /** Whether the containers run on this machine, so that their ports need to be open here only. */
  readonly local: boolean;
  readonly version: string;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** Rejects with a `Problem` that says what is missing. */
export async function findEngine(): Promise<Engine> {
  const client = await getContainerRuntimeClient().catch((cause) => {
    throw new Problem(noEngine, { cause });
  });
  const { host, serverVersion, cpus, memory } = client.info.containerRuntime;
  const local = await isThisMachine(host);
  return {
    docker: client.container.dockerode,
    host: local ? '127.0.0.1' : host,
    local,
    version: String(serverVersion),
    cpus,
    memoryBytes: memory,
  };
}

/**
 * Whether a name or an address is this machine's own, as one can listen there: testcontainers names the bridge's where it
 * takes this machine for a container.
 */
export async function isThisMachine(host: string): Promise<boolean> {
  const server = createServer();
  const listening = once(server.listen({ host, port: 0 }), 'listening');
  const own = await listening.then(
    () => true,
    () => false,
  );
  server.close();
  return own;
}

/** True when an engine's answer says that there is no such thing. */
export function isMissing(error: unknown): boolean {
  return (error as { readonly statusCode?: number }).statusCode === 404;
}

/** False only when the engine knows no such image. */
export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

// ---

const noEngine =
  'No container engine answers: install one (on Debian `apt-get install docker.io`, elsewhere Docker Desktop or Podman) and start it, or set DOCKER_HOST; or use --backend processes.';
