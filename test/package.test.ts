/** What other projects get when they install this one. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '..');
const doors = Object.entries(packageJson.exports).flatMap(([door, target]) =>
  typeof target === 'object' ? [{ door, ...target }] : [],
);

describe('the package', () => {
  it.each(doors)('offers $door, with types', ({ types, default: compiled }) => {
    expect(types.replace(/\.d\.ts$/, '.js')).toBe(compiled);
    expect(existsSync(resolve(root, compiled.replace('./dist/', 'src/').replace(/\.js$/, '.ts')))).toBe(true);
  });

  it('contains all that its README shows and links to', () => {
    const readme = readFileSync(resolve(root, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\(([^)#]+)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^https?:/.test(link));
    expect(links.length).toBeGreaterThan(10);
    const isIn = (link: string) => packageJson.files.some((part) => link === part || link.startsWith(`${part}/`));
    expect(links.filter((link) => !isIn(link) || !existsSync(resolve(root, link)))).toEqual([]);
  });
});
