import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

interface Locked {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

it('the lock file knows the packages of all platforms, which npm else neither adds elsewhere nor lets `npm ci` pass', () => {
  const file = resolve(import.meta.dirname, '..', 'package-lock.json');
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as Locked;
  const wanted = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ at, name })),
  );
  expect(wanted.length).toBeGreaterThan(0);
  expect(wanted.filter(({ at, name }) => !placesOf(at, name).some((place) => place in packages))).toEqual([]);
});

/** Where a package may lie that is asked for from `at`: nearest first, as Node looks. */
function placesOf(at: string, name: string): readonly string[] {
  const own = join(at, 'node_modules', name);
  const outer = at.lastIndexOf('node_modules/');
  return outer < 0 ? [own] : [own, ...placesOf(at.slice(0, Math.max(0, outer - 1)), name)];
}
