#!/usr/bin/env node
// A published package has JavaScript in dist/; a checkout runs the TypeScript as it is.
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Servers, balancers and worker threads load much of the same code again in every run of a comparison; they hear of the cache
// by the variable. Where the folder cannot be written, Node goes on without.
const cache = fileURLToPath(new URL('../node_modules/.cache/nawaab', import.meta.url));
process.env.NODE_COMPILE_CACHE ??= cache;
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const built = new URL('../dist/sim/cli/main.js', import.meta.url);
const source = new URL('../src/sim/cli/main.ts', import.meta.url);
await import((existsSync(source) ? source : built).href);
