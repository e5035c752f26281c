import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../../src/system/adapters/listen.ts';
import { freePorts } from '../../../src/system/apps/serve/ports.ts';
import {
  createLog,
  createWsTransport,
  type Death,
  describeDeath,
  type LocalClusterOptions,
  openMessenger,
  serve,
  startLocalCluster,
} from '../../../src/system/node.ts';
import { routes } from '../../../src/system/protocol/http.ts';
import { localhost, trustTestCertificates } from '../../helpers/certificates.ts';
import { allGone, processesWith } from '../../helpers/processes.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A folder that PostgreSQL, running as somebody else, may enter. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'cluster-test-'));
  chmodSync(path, 0o755);
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function optionsIn(home: string, changes: Partial<LocalClusterOptions> = {}): LocalClusterOptions {
  return {
    servers: 2,
    database: { kind: 'embedded', directory: join(home, 'database'), persistent: false },
    logDirectory: join(home, 'logs'),
    hashCost: { memoryKiB: 8, passes: 1 },
    log: createLog({ component: 'test', destination: { write: () => {} } }),
    ...changes,
  };
}

describe('a local cluster', { timeout: 120_000 }, () => {
  it('serves, brings a killed server back on its port, reports one that died by itself, and leaves nothing', async () => {
    const home = folder();
    const deaths: Death[] = [];
    const died = Promise.withResolvers<void>();
    const hear = (death: Death) => {
      deaths.push(death);
      died.resolve();
    };
    const cluster = await startLocalCluster(optionsIn(home, { died: hear }));
    const pids = [...cluster.servers, ...cluster.balancers].map(({ pid }) => pid!).concat(cluster.database.pid!);
    try {
      const [first] = cluster.servers;
      const transport = createWsTransport({ origin: cluster.endpoints[0]! });
      const body = JSON.stringify({ name: 'alice', password: 'correct horse' });
      expect((await transport.request({ method: 'POST', path: '/v1/users', body })).status).toBe(201);
      expect(await cluster.kill('s1')).toMatchObject({ signal: 'SIGKILL' });
      expect(cluster.servers[0]!.pid).toBeNull();
      await cluster.start('s1');
      expect(cluster.servers[0]!.port).toBe(first!.port);
      expect(cluster.servers[0]!.pid).not.toBe(first!.pid);
      pids.push(cluster.servers[0]!.pid!);
      expect(await cluster.drain('s2')).toMatchObject({ code: 0 });
      expect(deaths).toEqual([]);
      const { pid } = cluster.servers[0]!;
      process.kill(pid!, 'SIGKILL');
      await died.promise;
      const report = describeDeath(deaths[0]!);
      expect(report).toContain(`s1 (process ${pid}) was killed by SIGKILL`);
      expect(report).toContain(join(home, 'logs', 's1.log'));
      await expect(cluster.kill('s9')).rejects.toThrow('There is no component "s9". There are: s1, s2, b1.');
    } finally {
      await cluster.stop();
    }
    await allGone(pids, 0);
    expect(existsSync(join(home, 'database'))).toBe(false);
    // The one that was told to end says so; one that is killed may have had nothing to say.
    expect(readFileSync(join(home, 'logs', 's2.log'), 'utf8')).toContain('"component":"s2"');
  });

  it('leaves nothing when it cannot start', async () => {
    const home = folder();
    const impossible = startLocalCluster(optionsIn(home, { serverSettings: { heartbeatMs: -1 } }));
    await expect(impossible).rejects.toThrow('heartbeatMs');
    expect(processesWith(home)).toEqual([]);
    expect(existsSync(join(home, 'database'))).toBe(false);
  });

  it('ends with the process that started it, even after a kill -9', async () => {
    const home = folder();
    const { log: _, ...options } = optionsIn(home);
    const node = JSON.stringify(import.meta.resolve('../../../src/system/node.ts'));
    const script = `
      import { createLog, startLocalCluster } from ${node};
      const log = createLog({ component: 'parent' });
      const cluster = await startLocalCluster({ ...${JSON.stringify(options)}, log });
      const parts = [...cluster.servers, ...cluster.balancers];
      console.log(JSON.stringify([cluster.database.pid, ...parts.map(({ pid }) => pid)]));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanups.push(() => parent.kill('SIGKILL'));
    const [line] = await once(createInterface({ input: parent.stdout! }), 'line');
    const pids: readonly number[] = JSON.parse(line);
    expect(pids).toHaveLength(4);
    parent.kill('SIGKILL');
    await allGone(pids);
    await expect.poll(() => existsSync(join(home, 'database')), { timeout: 10_000 }).toBe(false);
  });
});

describe('serve', { timeout: 120_000 }, () => {
  it('runs until it is told to end and keeps what was written', async () => {
    const home = folder();
    const body = JSON.stringify({ name: 'alice', password: 'correct horse' });
    const round = async () => {
      const ending = new AbortController();
      const lines: string[] = [];
      const statuses: number[] = [];
      const [port] = await freePorts(1, '127.0.0.1');
      const print = (line: string) => {
        lines.push(line);
        if (line.includes('Ctrl-C')) used = use().finally(() => ending.abort(new Error('enough')));
      };
      const use = async () => {
        const transport = createWsTransport({ origin: `http://127.0.0.1:${port}` });
        statuses.push((await transport.request({ method: 'POST', path: '/v1/users', body })).status);
      };
      let used = Promise.resolve();
      // Probes so seldom that a busy machine does not make the only server look dead.
      const patient = { servers: 1, probeMs: 20_000 };
      const exit = await serve({ ...patient, data: home, port: port!, signal: ending.signal, print });
      await used;
      return { exit, lines: lines.join('\n'), statuses, port };
    };
    const first = await round();
    expect(first).toMatchObject({ exit: 0, statuses: [201] });
    expect(first.lines).toContain(`http://127.0.0.1:${first.port}`);
    expect(first.lines).toContain(join(home, 'database'));
    expect(await round()).toMatchObject({ exit: 0, statuses: [409] });
    expect(processesWith(home)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('starts its database again after a kill -9, and all goes on', async () => {
    const home = folder();
    const ending = new AbortController();
    const ready = Promise.withResolvers<void>();
    const [port] = await freePorts(1, '127.0.0.1');
    const lines: string[] = [];
    const print = (line: string) => {
      lines.push(line);
      if (line.includes('Ctrl-C')) ready.resolve();
    };
    const exit = serve({ servers: 1, data: home, port: port!, probeMs: 20_000, signal: ending.signal, print });
    await ready.promise;
    const transport = createWsTransport({ origin: `http://127.0.0.1:${port}` });
    const signUp = async (name: string) =>
      (await transport.request({ ...routes.signUp, body: JSON.stringify({ name, password: 'correct horse' }) })).status;
    expect(await signUp('alice')).toBe(201);
    const pidFile = readFileSync(join(home, 'database', 'data', 'postmaster.pid'), 'utf8');
    const postmaster = Number(pidFile.split('\n', 1)[0]);
    process.kill(postmaster, 'SIGKILL');
    await expect.poll(() => lines.at(-1)).toContain(`database (process ${postmaster}) was killed by SIGKILL`);
    await expect.poll(() => signUp('alice'), { timeout: 20_000, interval: 500 }).toBe(409);
    ending.abort(new Error('enough'));
    expect(await exit).toBe(0);
    expect(processesWith(home)).toEqual([]);
  });

  it('says in one sentence what keeps it from running, and leaves nothing', async () => {
    const home = folder();
    const taken = createServer();
    const port = await listen(taken, { host: '127.0.0.1', port: 0 });
    cleanups.push(() => taken.close());
    const lines: string[] = [];
    const signal = new AbortController().signal;
    const print = (line: string) => lines.push(line);
    expect(await serve({ data: home, port, signal, print })).toBe(3);
    expect(lines.at(-1)).toMatch(/^Port \d+ on 127\.0\.0\.1 is in use by another program: [^\n]+$/);
    expect(await serve({ data: home, port: 65_536, signal, print })).toBe(3);
    expect(lines.at(-1)).toBe('There is no port 65536: choose one from 1 to 65535.');
    expect(
      await serve({
        data: home,
        database: 'http://nobody:secret@x/y',
        port: (await freePorts(1, '127.0.0.1'))[0]!,
        signal,
        print,
      }),
    ).toBe(3);
    expect(lines.at(-1)).toMatch(/begins with http:\/\/: write postgres:\/\/user:password@host:port\/name\.$/);
    const database = 'postgres://nobody:secret@127.0.0.1:9/none';
    const [free] = await freePorts(1, '127.0.0.1');
    expect(await serve({ servers: 1, data: home, port: free!, database, signal, print })).toBe(3);
    expect(lines.at(-1)).toContain('127.0.0.1:9');
    expect(lines.at(-1)).not.toContain('\n');
    const tls = { tlsCert: localhost.certFile, port: free! };
    expect(await serve({ data: home, ...tls, signal, print })).toBe(3);
    expect(lines.at(-1)).toBe('A certificate and its key go together: give both --tls-cert and --tls-key.');
    expect(await serve({ data: home, ...tls, tlsKey: join(home, 'none.pem'), web: false, signal, print })).toBe(3);
    expect(lines.at(-1)).toMatch(/none\.pem cannot be read/);
    expect(processesWith(home)).toEqual([]);
  });

  it('is reached over TLS by those who trust its certificate, and says where', async () => {
    cleanups.push(trustTestCertificates());
    const home = folder();
    const [port] = await freePorts(1, '127.0.0.1');
    const lines: string[] = [];
    const ready = Promise.withResolvers<void>();
    const print = (line: string) => {
      lines.push(line);
      if (line.startsWith('Ctrl-C')) ready.resolve();
    };
    const ending = new AbortController();
    const files = { tlsCert: localhost.certFile, tlsKey: localhost.keyFile };
    const exit = serve({ servers: 1, data: home, port: port!, ...files, web: false, signal: ending.signal, print });
    await Promise.race([ready.promise, exit]);
    expect(lines.find((line) => line.startsWith('Other machines'))).toBe(
      `Other machines reach it at https://localhost:${port} and https://127.0.0.1:${port} and https://[0:0:0:0:0:0:0:1]:${port}.`,
    );
    const heard = Promise.withResolvers<string>();
    for (const [name, scheme] of [
      ['ada', 'http'],
      ['bob', 'https'],
    ] as const) {
      const messenger = await openMessenger({ origin: `${scheme}://localhost:${port}`, path: join(home, name) });
      cleanups.push(() => messenger.close());
      expect(await messenger.signUp({ name, password: 'correct horse' })).toMatchObject({ kind: 'ok' });
      messenger.on('item', ({ isOwn, content }) => {
        if (!isOwn && content.kind === 'text') heard.resolve(content.text);
      });
      messenger.start();
      if (name === 'ada') continue;
      const opened = await messenger.openDirect('ada').outcome;
      if (opened.kind === 'sent') messenger.send(opened.conversation, 'over TLS');
    }
    expect(await heard.promise).toBe('over TLS');
    ending.abort();
    expect(await exit).toBe(0);
  });
});
