#!/usr/bin/env node
// A published package has JavaScript in dist/; a checkout runs the TypeScript as it is.
import { existsSync } from 'node:fs';

const built = new URL('../dist/sim/cli/main.js', import.meta.url);
const source = new URL('../src/sim/cli/main.ts', import.meta.url);
await import((existsSync(source) ? source : built).href);
