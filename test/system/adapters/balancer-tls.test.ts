import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectSecurely, type PeerCertificate } from 'node:tls';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { namesIn, openTlsDoor, type TlsDoor, type TlsFiles } from '../../../src/system/adapters/balancer-tls.ts';
import { listen } from '../../../src/system/adapters/listen.ts';
import { startNodeServer } from '../../../src/system/adapters/node-server.ts';
import { createSystemClock, createWsTransport, startBalancer } from '../../../src/system/node.ts';
import { routes } from '../../../src/system/protocol/http.ts';
import { localhost, renewed, trustTestCertificates } from '../../helpers/certificates.ts';
import { createEcho, type EchoRequest } from '../../helpers/echo-server.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';

const silent = { write: () => {} };
const folder = mkdtempSync(join(tmpdir(), 'balancer-tls-'));
const inFolder = (name: string) => join(folder, name);
const undo: (() => unknown)[] = [];
let distrust: () => void;
beforeAll(() => {
  distrust = trustTestCertificates();
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
afterAll(() => {
  distrust();
  rmSync(folder, { recursive: true });
});

/** A balancer with a certificate before one server that echoes. */
async function start(settings: { host?: string; headMs?: number } = {}) {
  const seen: EchoRequest[] = [];
  const echo = createEcho(async (request) => {
    if (request.path === routes.stats.path) return { status: 200, body: JSON.stringify(echo.chat.stats()) };
    seen.push(request);
    return { status: 200, body: request.body };
  });
  const server = await startNodeServer(echo.chat, { host: '127.0.0.1', port: 0, log: silent });
  undo.push(() => server.close());
  const balancer = await startBalancer({
    host: '127.0.0.1',
    port: 0,
    servers: [{ id: 's1' as never, host: '127.0.0.1', port: server.port }],
    strategy: 'round-robin',
    drainMs: 100,
    probeMs: 50,
    tls: localhost,
    clock: createSystemClock(),
    log: silent,
    ...settings,
  });
  undo.push(() => balancer.stop());
  await expect.poll(() => balancer.stats().servers[0]!.healthy).toBe(true);
  return { balancer, port: balancer.port, seen };
}

describe('a balancer with a certificate', () => {
  it('serves requests and WebSockets over TLS, and says who the client is', async () => {
    const { port, seen } = await start();
    const body = 'x'.repeat(60_000);
    const transport = createWsTransport({ origin: `https://localhost:${port}` });
    expect(await transport.request({ method: 'POST', path: '/v1/users', body })).toMatchObject({ status: 200, body });
    expect(seen).toMatchObject([{ path: '/v1/users', remote: '127.0.0.1' }]);
    const client = new WebSocket(`wss://localhost:${port}/v1/socket`);
    await once(client, 'open');
    for (const message of ['one', 'three'.repeat(10_000)]) {
      client.send(message);
      expect(String((await once(client, 'message'))[0])).toBe(message);
    }
    client.close(1000);
    expect((await once(client, 'close'))[0]).toBe(1000);
  });

  it('serves this machine in the clear on the same port, however the first bytes are cut', async () => {
    const { port } = await start();
    const request = 'POST /v1/users HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello';
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: request.length - 1 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const ends = [...places.toSorted((a, b) => a - b), request.length];
        const socket = connect({ port, host: '127.0.0.1', noDelay: true });
        for (const [index, end] of ends.entries()) {
          socket.write(request.slice(index === 0 ? 0 : ends[index - 1], end));
          await new Promise((done) => setImmediate(done));
        }
        expect(await text(socket)).toMatch(/^HTTP\/1\.1 200[\s\S]*hello$/);
      }),
      { numRuns: 30 },
    );
  });

  const address = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
  it.skipIf(address === undefined)('sends others who come in the clear to https, and serves them nothing', async () => {
    const { port, seen } = await start({ host: '0.0.0.0' });
    const origin = `http://${address}:${port}`;
    const page = await fetch(`${origin}/chat`, { redirect: 'manual' });
    expect([page.status, page.headers.get('location')]).toEqual([308, `https://${address}:${port}/chat`]);
    const asked = await fetch(`${origin}/v1/users`, { method: 'POST', body: '{}' });
    expect([asked.status, await asked.json()]).toMatchObject([400, { detail: 'This is reached by https only.' }]);
    const socket = new WebSocket(`ws://${address}:${port}/v1/socket`);
    expect((await once(socket, 'error'))[0]).toMatchObject({ message: 'Unexpected server response: 400' });
    const odd = connect(port, address!, () => odd.write('GET /x HTTP/1.1\r\nhost: evil/../\r\n\r\n'));
    expect(await text(odd)).not.toContain('location');
    expect(seen).toEqual([]);
  });

  it('cuts who does not finish the handshake, or says nothing at all', async () => {
    const { port } = await start({ headMs: 50 });
    const closed = [Buffer.from([0x16]), Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]), Buffer.alloc(0)].map(
      async (bytes) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
        socket.on('error', () => {}).resume();
        await once(socket, 'close');
      },
    );
    await Promise.all(closed);
  });

  it('lets go of all when it stops', async () => {
    const { balancer, port } = await start();
    const clients = [connect(port, '127.0.0.1'), connectSecurely({ port, host: 'localhost' })];
    const closed = clients.map((client) => once(client.on('error', () => {}).resume(), 'close'));
    await Promise.all(clients.map((client, index) => once(client, index === 0 ? 'connect' : 'secureConnect')));
    await balancer.stop();
    await Promise.all(closed);
  });
});

describe('certificates', () => {
  const clock = createManualClock();

  function copyOf(files: TlsFiles): TlsFiles {
    const copy = { certFile: inFolder('cert.pem'), keyFile: inFolder('key.pem') };
    copyFileSync(files.certFile, copy.certFile);
    copyFileSync(files.keyFile, copy.keyFile);
    return copy;
  }

  function opened(files: TlsFiles): TlsDoor {
    const door = openTlsDoor({ files, clock, log: silent, greetMs: 1000 });
    undo.push(() => door.close());
    return door;
  }

  it('are told by the names that they are for', () => {
    expect(namesIn(localhost)).toEqual(['localhost', '127.0.0.1', '0:0:0:0:0:0:0:1']);
  });

  it('that are renewed are used for new connections; what cannot be read is not', async () => {
    const files = copyOf(localhost);
    const door = opened(files);
    const server = createServer({ pauseOnConnect: true }, (accepted: Socket) => void door.greet(accepted));
    const port = await listen(server, { host: '127.0.0.1', port: 0 });
    undo.push(() => server.close());
    const shown = async () => {
      const client = connectSecurely({ port, host: 'localhost' });
      await once(client, 'secureConnect');
      const { subject } = client.getPeerCertificate() as PeerCertificate;
      client.destroy();
      return subject.CN;
    };
    const put = async (bytes: string | Buffer, at: number) => {
      writeFileSync(files.certFile, bytes);
      utimesSync(files.certFile, at, at);
      await clock.advance(60_000);
      return shown();
    };
    expect(await shown()).toBe('Nawaab tests');
    expect(await put('-----BEGIN CERT', 1000)).toBe('Nawaab tests');
    expect(await put(readFileSync(renewed.certFile), 2000)).toBe('Nawaab tests, renewed');
  });

  it('that cannot be used are refused in one sentence with what to do', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    writeFileSync(inFolder('other.pem'), other.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(inFolder('none.pem'), 'no certificate');
    const refused = (change: Partial<TlsFiles>) => () => opened({ ...localhost, ...change });
    expect(refused({ certFile: inFolder('nowhere.pem') })).toThrow(
      /nowhere\.pem cannot be read \(ENOENT.*\): name another/,
    );
    expect(refused({ certFile: inFolder('none.pem') })).toThrow(/none\.pem does not hold a certificate in PEM/);
    expect(refused({ keyFile: inFolder('none.pem') })).toThrow(/none\.pem does not hold a private key without a pass/);
    expect(refused({ keyFile: inFolder('other.pem') })).toThrow(
      /The key in .*other\.pem does not belong to the certificate/,
    );
  });

  it('are looked for no more once the door is closed', () => {
    const pending = clock.pending;
    opened(copyOf(localhost)).close();
    expect(clock.pending).toBe(pending);
  });
});
