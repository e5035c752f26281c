/**
 * A process that carries links, apart from the laboratory so that its timing does not depend on how busy that is. Each line of
 * standard input is an order, each line of standard output its answer. When the input ends, however the laboratory died, it ends.
 */
import { createInterface } from 'node:readline';
import { type Link, openLink } from './link.ts';
import type { ProxyAnswer, ProxyOrder } from './links.ts';

const links = new Map<string, Link>();

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const order = JSON.parse(line) as ProxyOrder;
  obey(order).then(
    (answer) => say({ order: order.order, ...answer }),
    (error: Error) => say({ order: order.order, error: error.message }),
  );
});
lines.on('close', () => process.exit(0));
// The laboratory hears a Ctrl-C too, and ends this process when it no longer needs it.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

async function obey(order: ProxyOrder): Promise<Omit<ProxyAnswer, 'order'>> {
  if (order.kind === 'open') {
    const link = await openLink(order);
    links.set(order.name, link);
    return { port: link.port };
  }
  const link = links.get(order.name)!;
  const { connections } = link;
  link.set(order.behaviour);
  return { connections };
}

function say(answer: ProxyAnswer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
