import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isThisMachine } from '../../../src/sim/backends/containers/engine.ts';
import { isOrphan, newIdentity } from '../../../src/sim/backends/containers/identity.ts';
import { imageNames } from '../../../src/sim/backends/containers/image.ts';
import { gatherImageParts, imageWeb } from '../../../src/sim/backends/containers/image-parts.ts';
import { exitOf } from '../../../src/sim/backends/containers/part.ts';
import { quotasOf } from '../../../src/sim/backends/containers/quotas.ts';
import { clusterSpec } from '../../../src/sim/scenario.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

describe('the parts of the image', () => {
  it('are what server and balancer import and nothing else, and gathering them again changes nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'image-parts-test-'));
    const [once, twice] = [join(folder, 'once'), join(folder, 'twice')];
    gatherImageParts(root, once, null);
    const has = (path: string) => existsSync(join(once, path));
    expect(['src/system/main.ts', 'node_modules/pg/package.json', 'start.js'].filter((path) => !has(path))).toEqual([]);
    expect(readdirSync(join(once, 'src/system/database/postgres-migrations')).length).toBeGreaterThan(0);
    const unneeded = [
      'src/scenarios',
      'src/system/client/messenger',
      'node_modules/testcontainers',
      'node_modules/chart.js',
    ];
    expect(unneeded.filter(has)).toEqual([]);
    gatherImageParts(once, twice, null);
    const listing = (path: string) => readdirSync(path, { recursive: true }).map(String).toSorted();
    expect(listing(twice)).toEqual(listing(once));
    rmSync(folder, { recursive: true });
  });

  it('can be made of what a build by hand is given, with the web client', () => {
    const source = mkdtempSync(join(tmpdir(), 'image-source-test-'));
    const given = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    for (const [, path] of given.map((line) => /^!(.+)$/.exec(line) ?? []))
      if (path !== undefined) cpSync(join(root, path), join(source, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
    const run = (...words: string[]) => execFileSync(process.execPath, words, { cwd: source, stdio: 'pipe' });
    run('scripts/build-web.ts');
    run('src/sim/backends/containers/image-parts.ts', '.', 'app');
    expect(existsSync(join(source, 'app', imageWeb, 'index.html'))).toBe(true);
    rmSync(source, { recursive: true });
  });

  it('may come from images of other names', () => {
    expect(imageNames({})).toEqual({ postgres: 'postgres:18', node: 'node:24-bookworm-slim', system: null });
    expect(imageNames({ NAWAAB_POSTGRES_IMAGE: 'a', NAWAAB_NODE_IMAGE: 'b', NAWAAB_SYSTEM_IMAGE: 'c' })).toEqual({
      postgres: 'a',
      node: 'b',
      system: 'c',
    });
  });
});

describe('an engine', () => {
  it('is of this machine when its host is one of our own addresses', async () => {
    expect(await Promise.all(['localhost', '127.0.0.1'].map(isThisMachine))).toEqual([true, true]);
    expect(await Promise.all(['203.0.113.9', 'nowhere.invalid'].map(isThisMachine))).toEqual([false, false]);
  });
});

describe('quotas', () => {
  const spec = clusterSpec.parse({ servers: [{ cpuShare: 0.5, memoryMiB: 128 }, {}] });

  it('hold each server to its share and its memory', () => {
    const { servers, database } = quotasOf(spec, 2);
    expect(servers).toEqual([
      { cpus: 0.5, memoryBytes: 128 * 1024 ** 2, cores: null },
      { cpus: 1, memoryBytes: null, cores: null },
    ]);
    expect(database).toEqual({ cpus: null, memoryBytes: null, cores: null });
  });

  it('are on the cores that a scenario names, on however many there are, and refused on one that is not there', () => {
    const placed = { ...spec, cores: { database: '0', balancers: '1', servers: '0-1' } };
    const { servers, database, balancer } = quotasOf(placed, 2);
    expect([database.cores, balancer.cores, ...servers.map(({ cores }) => cores)]).toEqual(['0', '1', '0-1', '0-1']);
    expect(quotasOf({ ...spec, cores: { database: '3' } }, 8).balancer.cores).toBeNull();
    expect(() => quotasOf({ ...spec, cores: { servers: '0,2' } }, 2)).toThrow(
      'The container engine has no core 2, which cluster.cores.servers ("0,2") names: it has 2, from 0 to 1.',
    );
    expect(() => clusterSpec.parse({ cores: { servers: '0-' } })).toThrow('Cores are written as');
  });

  it('give database and balancers a core of their own where there are enough', () => {
    const { servers, database, balancer } = quotasOf(spec, 8);
    expect([database.cores, balancer.cores, ...servers.map(({ cores }) => cores)]).toEqual(['0', '1', '2-7', '2-7']);
  });
});

describe('a container', () => {
  it('is an orphan when its laboratory is gone, and not when that was on another machine', () => {
    expect(isOrphan(newIdentity().labels)).toBe(false);
    expect(isOrphan({ 'nawaab.owner': `999999999@${hostname()}` })).toBe(true);
    expect(isOrphan({ 'nawaab.owner': '999999999@elsewhere' })).toBe(false);
  });

  it('tells how its process ended', () => {
    expect([0, 3, 137, 143].map(exitOf)).toEqual([
      { code: 0, signal: null },
      { code: 3, signal: null },
      { code: null, signal: 'SIGKILL' },
      { code: null, signal: 'SIGTERM' },
    ]);
  });
});
