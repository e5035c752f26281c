import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../../src/system/adapters/listen.ts';

const entry = join(import.meta.dirname, '../../../src/system/main.ts');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A balancer is the role that needs nothing but a port. */
const balancer = {
  name: 'b1',
  servers: [{ id: 's1', host: '127.0.0.1', port: 9 }],
  strategy: 'round-robin',
};

function run(
  role: string,
  settings: unknown,
): { child: ChildProcess; line: Promise<unknown>; status: Promise<unknown> } {
  const child = spawn(process.execPath, [entry, role, JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'ignore'] });
  cleanups.push(() => child.kill('SIGKILL'));
  const line = once(createInterface({ input: child.stdout! }), 'line').then(([text]) => JSON.parse(text));
  const status = once(child, 'exit').then(([code, signal]) => code ?? signal);
  return { child, line, status };
}

describe('one process of the system', () => {
  it('says on one line that it is ready and where, and ends with 0 on SIGTERM', async () => {
    const { child, line, status } = run('balancer', balancer);
    expect(await line).toEqual({ kind: 'ready', name: 'b1', port: expect.any(Number), pid: child.pid });
    child.kill('SIGTERM');
    expect(await status).toBe(0);
  });

  it('ends by itself when its parent goes away', async () => {
    const { child, line, status } = run('balancer', { ...balancer, parent: 'stdin' });
    await line;
    child.stdin!.end();
    expect(await status).toBe(0);
  });

  it('answers a wrong role with the right ones', async () => {
    const { line, status } = run('postman', {});
    expect(await line).toEqual({
      kind: 'problem',
      message: 'There is no role "postman". The roles are: server, balancer.',
    });
    expect(await status).toBe(3);
  });

  it('names the setting that is wrong', async () => {
    const { line, status } = run('balancer', { ...balancer, probeMs: 1 });
    expect(await line).toMatchObject({ kind: 'problem', message: expect.stringContaining('at probeMs') });
    expect(await status).toBe(3);
  });

  it('says in one sentence that its port is in use', async () => {
    const other = createServer();
    const port = await listen(other, { host: '127.0.0.1', port: 0 });
    cleanups.push(() => other.close());
    const { line, status } = run('balancer', { ...balancer, port });
    expect(await line).toEqual({
      kind: 'problem',
      message: `Port ${port} on 127.0.0.1 is in use by another program: choose another port or stop that program.`,
    });
    expect(await status).toBe(3);
  });

  it('says in one sentence that the database cannot be reached, after having waited', async () => {
    const database = 'postgres://nobody:secret@127.0.0.1:9/none';
    const { line, status } = run('server', { name: 's1', database, databaseWaitMs: 600 });
    const { message } = (await line) as { message: string };
    expect(message).toContain('127.0.0.1:9');
    expect(message).not.toContain('secret');
    expect(message).not.toContain('\n');
    expect(await status).toBe(3);
  });
});
