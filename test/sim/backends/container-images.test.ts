import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { findEngine } from '../../../src/sim/backends/containers/engine.ts';
import { imageNames } from '../../../src/sim/backends/containers/image.ts';
import {
  checkoutName,
  type FoundImage,
  oldImages,
  removeOldImages,
} from '../../../src/sim/backends/containers/old-images.ts';
import { quietLog } from '../../helpers/backend-cluster.ts';
import { describeContainers } from '../../helpers/containers.ts';

const own = checkoutName(tmpdir());
const gone = checkoutName(`${tmpdir()}/nawaab-no-such-checkout`);
const minuteMs = 60_000;

describe('images of server and balancer that are old', () => {
  const image = (id: string, checkout: string, agoMin: number, names = [`nawaab-system:${id}`]): FoundImage => ({
    id,
    names,
    checkout,
    builtAtMs: -agoMin * minuteMs,
  });

  it.each([
    ['the newest two of a checkout are not', [image('a', own, 20), image('b', own, 30), image('c', own, 40)], ['c']],
    ['those of the last minutes are not', [1, 2, 3, 4].map((ago) => image(`${ago}`, own, ago)), []],
    ['those of another checkout are not', [20, 30, 40].map((ago) => image(`${ago}`, checkoutName('/'), ago)), []],
    ['all of a checkout that is gone are', [image('a', gone, 11), image('b', gone, 5)], ['a']],
    [
      'those of another machine and those built by hand are not',
      [image('a', '/gone@elsewhere', 20), image('b', '', 20)],
      [],
    ],
    [
      'what steps of a build have left is, however new among them',
      [image('a', own, 20, []), image('b', own, 30)],
      ['a'],
    ],
  ])('%s', (_, found, expected) => {
    expect(oldImages(found, { checkout: own, nowMs: 0 }).map(({ id }) => id)).toEqual(expected);
  });
});

describeContainers('an engine with old images', 30_000, () => {
  it('is rid of them, with all their names, unless a container uses one', async () => {
    const { docker } = await findEngine();
    const repo = `nawaab-test-${process.pid}`;
    const source = await docker.createContainer({ Image: imageNames().node, Labels: { [repo]: '' } });
    const commit = (tag: string, checkout: string) =>
      source.commit({ repo, tag, changes: `LABEL nawaab.checkout=${checkout}` });
    const left = async () => {
      const images = await docker.listImages({ filters: { reference: [repo] } });
      return images.flatMap(({ RepoTags }) => RepoTags ?? []).toSorted();
    };
    try {
      await Promise.all([commit('free', gone), commit('used', gone), commit('other', own)]);
      await docker.getImage(`${repo}:free`).tag({ repo, tag: 'again' });
      const user = await docker.createContainer({ Image: `${repo}:used`, Labels: { [repo]: '' } });
      const order = { checkout: checkoutName('/'), log: quietLog, nowMs: Date.now() + 11 * minuteMs };
      await removeOldImages(docker, order);
      expect(await left()).toEqual([`${repo}:other`, `${repo}:used`]);
      await user.remove();
      await removeOldImages(docker, order);
      expect(await left()).toEqual([`${repo}:other`]);
    } finally {
      const containers = await docker.listContainers({ all: true, filters: { label: [repo] } });
      await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
      await Promise.all((await left()).map((name) => docker.getImage(name).remove()));
    }
  });
});
