/** Starts one container of a cluster, and says why when it does not come up. */
import { createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { GenericContainer } from 'testcontainers';
import { describeEnd } from '../../../system/node.ts';
import { Problem } from '../../problem.ts';
import type { Setting } from './cluster.ts';
import { type Docker, hasImage } from './engine.ts';
import { describeDeath, followLog, type Part, type PartRole } from './part.ts';
import type { Place } from './placed.ts';

export interface Unstarted {
  readonly role: PartRole;
  readonly place: Place;
  readonly image: string;
}

export async function bringUpPart(
  { engine, identity, logDirectory, deaths }: Setting,
  { role, place, image }: Unstarted,
  unstarted: GenericContainer,
): Promise<Part> {
  const { docker } = engine;
  const { memoryBytes } = place.quota;
  const name = place.name.slice(identity.id.length + 1);
  const logFile = join(logDirectory, `${name}.log`);
  const file = createWriteStream(logFile, { flags: 'a' });
  file.on('error', () => {});
  const failed = (reason: string, cause?: Error): never => {
    const who = `${name} (container ${place.name})`;
    throw new Problem(describeEnd({ who, how: `did not start: ${reason}`, logFile }), { cause });
  };
  const outcome = await Promise.race([
    unstarted
      .withLogConsumer((lines) => lines.pipe(file))
      .start()
      .catch((cause: Error) => ({ cause })),
    // One that ends at once would otherwise be waited for, and why it did would be lost.
    deaths.firstOf(place.name).then((death) => ({ death })),
  ]);
  if (!('getId' in outcome)) await new Promise((written) => file.end(written));
  if ('death' in outcome) {
    // Nobody may have listened yet, and nothing else is left of it.
    rmSync(logFile, { force: true });
    const log = await followLog(docker, docker.getContainer(place.name), logFile, 0).catch(() => null);
    await log?.ended;
    return failed(`it ${describeDeath(memoryBytes, outcome.death)}`);
  }
  if ('cause' in outcome) return failed(await whyNot(docker, image, outcome.cause), outcome.cause);
  const container = docker.getContainer(outcome.getId());
  const origin = `http://${engine.host}:${place.port.host}`;
  return { name, role, container, port: place.port.host, origin, logFile, memoryBytes, wanted: 'up', lives: 1 };
}

// ---

async function whyNot(docker: Docker, image: string, { message }: Error): Promise<string> {
  const said = message
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/[ .]+$/, '');
  if (await hasImage(docker, image).catch(() => true)) return said;
  return `its image ${image} is not on this machine and cannot be fetched (${said}): check the name and that the registry can be reached, or see scripts/offline-images.sh`;
}
