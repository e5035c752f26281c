import { Agent, get, type IncomingMessage } from 'node:http';
import type { BalancerWorld } from '../balancer/contract.ts';
import { routes, type ServerStats, serverStats } from '../protocol/http.ts';
import type { ServerId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';

export interface ServerAddress {
  readonly id: ServerId;
  readonly host: string;
  readonly port: number;
}

export interface HttpProbe {
  readonly probe: BalancerWorld['probe'];
  close(): void;
}

/** Asks servers for `/stats` over HTTP, on one connection for each that is kept open. */
export function createHttpProbe(servers: readonly ServerAddress[]): HttpProbe {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const addresses = new Map(servers.map((server) => [server.id, server]));

  async function probe(id: ServerId, timeoutMs: number): Promise<ServerStats> {
    const { host, port } = addresses.get(id)!;
    const signal = AbortSignal.timeout(Math.ceil(timeoutMs));
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ host, port, path: routes.stats.path, agent, signal }, resolve).on('error', reject);
    });
    const stats = serverStats.parse(JSON.parse(await textOf(answer)));
    if (stats.server !== id) throw new Error(`At ${host}:${port} is server ${stats.server}, not ${id}.`);
    return stats;
  }

  return { probe, close: () => agent.destroy() };
}

// ---

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.bodyBytesMax) throw new Error(`/stats answered more than ${limits.bodyBytesMax} bytes.`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (answer.statusCode !== 200) throw new Error(`/stats answered ${answer.statusCode}: ${text.slice(0, 200)}`);
  return text;
}
