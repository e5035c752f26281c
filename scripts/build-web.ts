/** After `tsc`: builds the web client into `dist/web`, where `nawaab serve` of the published package finds it. */
import { resolve } from 'node:path';
import { buildWeb } from '../src/system/apps/serve/web-build.ts';

await buildWeb(resolve(import.meta.dirname, '..', 'dist', 'web'));
