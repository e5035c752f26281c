/** What this machine has for containers, and what it lacks. */
import { accessSync, constants, existsSync } from 'node:fs';
import { Problem } from '../../problem.ts';
import { type Docker, type Engine, findEngine, hasImage } from './engine.ts';
import { imageNames } from './image.ts';

export type EngineState =
  | { readonly kind: 'works'; readonly engine: Engine; readonly missingImages: readonly string[] }
  | { readonly kind: 'missing'; readonly reason: string };

/** Asks the engine, if there is one; fetches nothing. */
export async function examineEngine(): Promise<EngineState> {
  try {
    const engine = await findEngine();
    const { postgres, node, system } = imageNames();
    const wanted = [postgres, system ?? node];
    const there = await Promise.all(wanted.map((image) => hasImage(engine.docker, image)));
    return { kind: 'works', engine, missingImages: wanted.filter((_, index) => !there[index]) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { kind: 'missing', reason: mayNotUse() ?? error.message };
  }
}

/** Fetches what is missing, as a run would. Rejects with a `Problem` that names the image. */
export async function fetchImages(docker: Docker, images: readonly string[]): Promise<void> {
  for (const image of images) {
    await pull(docker, image).catch((cause: Error) => {
      throw new Problem(
        `The image ${image} is not on this machine and cannot be fetched (${cause.message}): see that the registry can be reached, or make stand-ins by scripts/offline-images.sh.`,
        { cause },
      );
    });
  }
}

// ---

const socket = '/var/run/docker.sock';

/** An engine that is there and not for this user is another matter than none. */
function mayNotUse(): string | null {
  if (process.env.DOCKER_HOST !== undefined || !existsSync(socket)) return null;
  try {
    accessSync(socket, constants.R_OK | constants.W_OK);
    return null;
  } catch {
    return `There is a container engine, but this user may not use ${socket}: join its group (\`usermod -aG docker\`), or set DOCKER_HOST.`;
  }
}

async function pull(docker: Docker, image: string): Promise<void> {
  const stream = await docker.pull(image);
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
  });
}
