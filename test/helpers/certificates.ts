import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { TlsFiles } from '../../src/system/adapters/balancer-tls.ts';
import { listen } from '../../src/system/adapters/listen.ts';

const folder = join(import.meta.dirname, 'certificates');
const keyFile = join(folder, 'localhost-key.pem');

/** For localhost, signed by themselves, good for a hundred years; known to everybody, so of no use but here. */
export const localhost: TlsFiles = { certFile: join(folder, 'localhost.pem'), keyFile };
export const renewed: TlsFiles = { certFile: join(folder, 'renewed.pem'), keyFile };

/** From now on this thread believes them; the answer takes it back. */
export function trustTestCertificates(): () => void {
  const before = getCACertificates();
  const own = [localhost, renewed].map(({ certFile }) => readFileSync(certFile, 'utf8'));
  setDefaultCACertificates([...before, ...own]);
  return () => setDefaultCACertificates(before);
}

/** A way over TLS to a port of this machine. */
export async function startTlsFront(port: number): Promise<{ readonly origin: string; stop(): void }> {
  const sockets = new Set<{ destroy(): void }>();
  const options = { cert: readFileSync(localhost.certFile), key: readFileSync(localhost.keyFile) };
  const server = createServer(options, (client) => {
    const upstream = connect(port, '127.0.0.1');
    sockets.add(client).add(upstream);
    // Who vanishes on one side has vanished on the other.
    upstream.on('error', () => {}).on('close', () => client.destroySoon());
    client.on('error', () => {}).on('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  });
  const own = await listen(server, { host: '127.0.0.1', port: 0 });
  return {
    origin: `https://localhost:${own}`,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
