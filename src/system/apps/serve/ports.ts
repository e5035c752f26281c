import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { listen } from '../../adapters/listen.ts';
import { Problem } from '../../problem.ts';

/**
 * Finds ports that are free on `host` now. They lie below the range from which the system takes ports for outgoing
 * connections: a server that is down for a while would otherwise find its own taken by some client.
 */
export async function freePorts(count: number, host: string): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < attemptsMax && found.size < count; attempt++) {
    const port = randomInt(lowest, firstOutgoingPort());
    if (await isFree(host, port)) found.add(port);
  }
  if (found.size < count)
    throw new Problem(`Fewer than ${count} free ports were found on ${host}: stop other programs.`);
  return [...found];
}

/** Rejects with a `Problem` when nobody could listen there now. */
export async function checkPort(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, { host, port });
  await new Promise((resolve) => server.close(resolve));
}

// ---

const attemptsMax = 1000;
const lowest = 10_000;
const lowestOutgoingDefault = 32_768;

function isFree(host: string, port: number): Promise<boolean> {
  return checkPort(host, port).then(
    () => true,
    () => false,
  );
}

function firstOutgoingPort(): number {
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/, 1)[0]);
    return first > lowest + 1000 ? first : lowestOutgoingDefault;
  } catch {
    return lowestOutgoingDefault;
  }
}
