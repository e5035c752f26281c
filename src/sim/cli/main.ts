#!/usr/bin/env node
import { commandLine } from './command-line.ts';
import { explain } from './explain.ts';

// Who read along may have gone, as in `nawaab list metrics | head -1`; the work goes on to its end.
process.stderr.on('error', () => {});
let isLost = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (isLost || error.code === 'EPIPE') return;
  isLost = true;
  const { status, text } = explain(error, 'The output cannot be written');
  console.error(text);
  process.on('exit', (code) => {
    if (code === 0) process.exitCode = status;
  });
});

process.exitCode = await commandLine(process.argv.slice(2));
