/** The images that the backend starts: built when the sources have changed, otherwise reused. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Log } from '../../../system/index.ts';
import { webFolder } from '../../../system/node.ts';
import { Problem } from '../../problem.ts';
import { folderPrefix } from '../processes/leftovers.ts';
import { type Docker, type Engine, hasImage } from './engine.ts';
import { gatherImageParts } from './image-parts.ts';
import { checkoutName, removeOldImages } from './old-images.ts';

/** Names of images, each to be overridden by an environment variable. */
export interface ImageNames {
  /** NAWAAB_POSTGRES_IMAGE */
  readonly postgres: string;
  /** NAWAAB_NODE_IMAGE: what the image of server and balancer is built on. */
  readonly node: string;
  /** NAWAAB_SYSTEM_IMAGE: a ready image of server and balancer; null: one is built. */
  readonly system: string | null;
}

export function imageNames(env: Readonly<Record<string, string | undefined>> = process.env): ImageNames {
  return {
    postgres: env.NAWAAB_POSTGRES_IMAGE ?? 'postgres:18',
    node: env.NAWAAB_NODE_IMAGE ?? 'node:24-bookworm-slim',
    system: env.NAWAAB_SYSTEM_IMAGE ?? null,
  };
}

export interface BuiltImage {
  readonly name: string;
  /** Null when it was there already. */
  readonly builtMs: number | null;
}

/**
 * An image of server and balancer as they are now. Its tag is a hash of everything that goes into it and of whose it is:
 * each checkout has images of its own and removes only those. Rejects
 * with a `Problem` that holds the last lines of a build that failed.
 */
export async function systemImage({ docker }: Engine, log: Log, names: ImageNames = imageNames()): Promise<BuiltImage> {
  if (names.system !== null) return { name: names.system, builtMs: null };
  const fromMs = performance.now();
  const context = mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  try {
    gatherImageParts(root, context, await webClient(log));
    copyFileSync(join(root, 'Dockerfile'), join(context, 'Dockerfile'));
    const image = `${repository}:${hashOf(context, [names.node, checkout])}`;
    if (await hasImage(docker, image)) return { name: image, builtMs: null };
    log.write('info', 'building the image of server and balancer', { image });
    await build(docker, { context, image, base: names.node });
    await docker.getImage(image).tag({ repo: repository, tag: 'latest' });
    const builtMs = performance.now() - fromMs;
    await removeOldImages(docker, { checkout, log });
    return { name: image, builtMs };
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

// ---

const repository = 'nawaab-system';
/** The checkout, or the published package. */
const root = resolve(import.meta.dirname, '..', '..', '..', '..');
const hashChars = 12;
const checkout = checkoutName(root);

/** The built web client. Nothing in the laboratory opens it, so that it cannot be built stops nobody. */
async function webClient(log: Log): Promise<string | null> {
  try {
    return await webFolder(() => log.write('info', 'building the web client for the image'));
  } catch (error) {
    log.write('warn', 'the image is without the web client', { reason: (error as Error).message });
    return null;
  }
}

function hashOf(context: string, others: readonly string[]): string {
  const hash = createHash('sha256').update(others.join('\0'));
  const files = readdirSync(context, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).toSorted()) {
    hash.update(`\0${path.slice(context.length)}\0`).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, hashChars);
}

interface BuildLine {
  readonly stream?: string;
  readonly error?: string;
}

async function build(
  docker: Docker,
  { context, image, base }: { context: string; image: string; base: string },
): Promise<void> {
  const src = readdirSync(context);
  const stream = await docker.buildImage(
    { context, src },
    { t: image, forcerm: true, buildargs: { NODE_IMAGE: base, CHECKOUT: checkout } },
  );
  const lines: BuildLine[] = [];
  await new Promise<void>((resolveBuild, reject) => {
    docker.modem.followProgress(
      stream,
      (error) => (error ? reject(error) : resolveBuild()),
      (line: BuildLine) => void lines.push(line),
    );
  }).catch((error: Error) => lines.push({ error: error.message }));
  const failure = lines.find((line) => line.error !== undefined);
  if (failure === undefined) return;
  const said = lines.map((line) => line.stream?.trim() ?? '').filter((line) => line !== '');
  throw new Problem(
    `The image of server and balancer could not be built on ${base}: ${failure.error} (${said.slice(-5).join(' / ')}). ` +
      'Where no registry can be reached, scripts/offline-images.sh makes the base images.',
  );
}
