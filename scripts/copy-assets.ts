/** After `tsc`: copies what is read at run time and is no TypeScript (page scripts, styles, SQL) beside the compiled code. */
import { cpSync } from 'node:fs';
import { extname, resolve } from 'node:path';

const root: string = resolve(import.meta.dirname, '..');
const assets: ReadonlySet<string> = new Set(['.js', '.css', '.sql']);
const web: string = resolve(root, 'src', 'system', 'apps', 'web');

cpSync(resolve(root, 'src'), resolve(root, 'dist'), {
  recursive: true,
  // What the web client is made of goes into `dist/web` by another way.
  filter: (path) => !path.includes(web) && (extname(path) === '' || assets.has(extname(path))),
});
