#!/usr/bin/env node
import { commandLine } from './command-line.ts';

// Who read along may have gone, as in `nawaab list metrics | head -1`; the work goes on to its end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await commandLine(process.argv.slice(2));
