/** Images of server and balancer that were built for sources which have changed since. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Log } from '../../../system/index.ts';
import type { Docker } from './engine.ts';

/** Whose images these are, as their label says: a folder of this machine. */
export function checkoutName(root: string): string {
  return `${root}@${hostname()}`;
}

/**
 * Removes the images of this checkout, but for the newest two: one goes back and forth between two states of the sources. Of
 * checkouts of this machine that are gone, all. Never one that a container uses or that is younger than ten minutes, since a
 * run may be about to start it; and never one of another checkout, which may be about to start any of its own.
 */
export async function removeOldImages(
  docker: Docker,
  { checkout, log, nowMs = Date.now() }: { readonly checkout: string; readonly log: Log; readonly nowMs?: number },
): Promise<void> {
  const [images, containers] = await Promise.all([
    docker.listImages({ filters: { label: [checkoutLabel] } }),
    docker.listContainers({ all: true }),
  ]);
  const used = new Set(containers.map(({ ImageID }) => ImageID));
  for (const { id, names } of oldImages(images.map(found), { checkout, nowMs })) {
    if (used.has(id)) continue;
    log.write('info', 'removing an image of sources that have changed since', { id, names: names.join(' ') });
    // One by one: an image with several names cannot be removed by its id. Another run may be quicker, or use it by now.
    for (const name of names.length === 0 ? [id] : names)
      await docker
        .getImage(name)
        .remove()
        .catch(() => {});
  }
}

export interface FoundImage {
  readonly id: string;
  /** Empty for what only a step of a build needed. */
  readonly names: readonly string[];
  readonly checkout: string;
  readonly builtAtMs: number;
}

/** Those that nobody will start again. */
export function oldImages(
  found: readonly FoundImage[],
  { checkout, nowMs }: { readonly checkout: string; readonly nowMs: number },
): readonly FoundImage[] {
  const own = found.filter((image) => image.checkout === checkout && image.names.length > 0);
  const newest = new Set(own.toSorted((a, b) => b.builtAtMs - a.builtAtMs).slice(0, keptMax));
  return found.filter((image) => {
    if (nowMs - image.builtAtMs < youngMs || newest.has(image)) return false;
    return image.checkout === checkout || isGone(image.checkout);
  });
}

// ---

const checkoutLabel = 'nawaab.checkout';
const keptMax = 2;
const youngMs = 600_000;
/** How engines name what has no name. */
const nameless = '<none>:<none>';

function found(image: Awaited<ReturnType<Docker['listImages']>>[number]): FoundImage {
  const { Id, RepoTags, Labels, Created } = image;
  const names = (RepoTags ?? []).filter((name) => name !== nameless);
  return { id: Id, names, checkout: Labels?.[checkoutLabel] ?? '', builtAtMs: Created * 1000 };
}

/** One of another machine, and one built by hand, cannot be judged. */
function isGone(checkout: string): boolean {
  const at = checkout.lastIndexOf('@');
  return at > 0 && checkout.slice(at + 1) === hostname() && !existsSync(checkout.slice(0, at));
}
