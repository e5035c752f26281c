import { expect, it } from 'vitest';
import type { Cluster } from '../../../src/sim/backends/backend.ts';
import { createSeededRandom, downloadImage, type ImageWorld, signIn, uploadImage } from '../../../src/system/index.ts';
import { createNodeCiphers } from '../../../src/system/node.ts';
import { allBytes, streamOf } from '../../helpers/byte-streams.ts';
import { pngOf } from '../../helpers/images.ts';
import { createUser, openDirect, runVirtual, type VirtualUser } from './run-virtual.ts';

async function worldOf({ transport, name }: VirtualUser): Promise<ImageWorld> {
  const answer = await signIn(transport, { name, password: 'a password', device: 'album' });
  if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer));
  return { transport, token: answer.value.token, random: createSeededRandom(1), ciphers: createNodeCiphers() };
}

/** Sends an image from one user to another and a stranger; answers how long it took in virtual time. */
async function send(cluster: Cluster): Promise<number> {
  const [ann, ben, eve] = [await createUser(cluster, 0), await createUser(cluster, 1), await createUser(cluster, 2)];
  const conversation = await openDirect(cluster, ann, ben);
  const bytes = pngOf(300_000);
  const worlds = await Promise.all([ann, ben, eve].map(worldOf));
  const startMs = cluster.clock.now();
  const reference = await uploadImage(worlds[0]!, streamOf([bytes]).pieces, { conversation });
  const image = await downloadImage(worlds[1]!, reference);
  expect((await allBytes(image.pieces)).equals(bytes)).toBe(true);
  const tookMs = cluster.clock.now() - startMs;
  await expect(downloadImage(worlds[2]!, reference)).rejects.toMatchObject({ code: 'unknownPath' });
  return tookMs;
}

it('images travel in virtual time too: the same on every run, and not at once', async () => {
  const [first, again] = [await runVirtual({}, send), await runVirtual({}, send)];
  expect(first).toBeGreaterThan(0);
  expect(again).toBe(first);
});
