/** After `tsc`: copies what is read at run time and is no TypeScript (page scripts, styles, SQL) beside the compiled code. */
import { cpSync } from 'node:fs';
import { extname, resolve } from 'node:path';

const root: string = resolve(import.meta.dirname, '..');
const assets: ReadonlySet<string> = new Set(['.js', '.css', '.sql']);

cpSync(resolve(root, 'src'), resolve(root, 'dist'), {
  recursive: true,
  filter: (path) => extname(path) === '' || assets.has(extname(path)),
});
