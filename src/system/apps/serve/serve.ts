import { join, resolve } from 'node:path';
import { namesIn, readTls, type TlsFiles } from '../../adapters/balancer-tls.ts';
import { createLog } from '../../adapters/json-log.ts';
import type { Ms } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import { given } from '../given.ts';
import { type LocalCluster, makeFolder, startLocalCluster } from './cluster.ts';
import type { DatabaseChoice } from './database.ts';
import { type Death, describeDeath } from './death.ts';
import { type Demo, startDemo } from './demo/demo.ts';
import { webFolder } from './web-build.ts';

export interface ServeOptions {
  /** Chat servers. Default 3. */
  readonly servers?: number;
  /** Balancers. Default 1. */
  readonly balancers?: number;
  /** Default `least-connections`. */
  readonly strategy?: string;
  readonly probeMs?: Ms;
  /** Address to listen on. Default 127.0.0.1; 0.0.0.0 lets other machines in. */
  readonly host?: string;
  /** Port of the first balancer. Default 8080. */
  readonly port?: number;
  /** File of a certificate in PEM, with those that lead to its root behind it: other machines come over TLS then. */
  readonly tlsCert?: string;
  /** File of its private key in PEM, without a passphrase. */
  readonly tlsKey?: string;
  /** `postgres://user:password@host:port/name`. Default: a PostgreSQL of our own in the folder `data`. */
  readonly database?: string;
  /** Folder for database and logs; kept. Default `nawaab-data` in the current folder. */
  readonly data?: string;
  /** Overrides of the servers' settings, by name. */
  readonly serverSettings?: Readonly<Record<string, number | string | boolean>>;
  /** Whether the balancers serve the web client, which a checkout builds first. Default true. */
  readonly web?: boolean;
  /** A demonstration: scripted users who answer, and servers that can be killed from the page. Default false. */
  readonly demo?: boolean;
  /** Ends the system. Default: Ctrl-C, SIGTERM or SIGHUP of this process. */
  readonly signal?: AbortSignal;
  /** Where lines for people go. Default: standard output. */
  readonly print?: (line: string) => void;
}

/**
 * Runs the whole system on this machine until it is told to end, then drains it. What dies is started again. Resolves
 * with the exit status: 0 after an orderly end, 3 when it could not run; then nothing is left running.
 */
export async function serve(options: ServeOptions = {}): Promise<0 | 3> {
  const print = options.print ?? ((line) => process.stdout.write(`${line}\n`));
  const data = resolve(options.data ?? 'nawaab-data');
  const ending = options.signal ?? endBySignal(print);
  let demo: Demo | null = null;
  try {
    makeFolder(join(data, 'logs'));
    const tls = tlsOf(options);
    const web = options.web === false ? {} : { web: await webFolder(print) };
    print('Starting …');
    demo = options.demo === true ? await startDemo({ data }) : null;
    const demoAddress = demo === null ? {} : { demo: demo.address };
    const died = (death: Death) => print(`${describeDeath(death)}\nIt is started again.`);
    const cluster = await startLocalCluster({
      ...clusterOptions(options, data),
      ...web,
      ...demoAddress,
      ...given({ tls }),
      died,
      signal: ending,
    });
    try {
      await demo?.begin(cluster);
      for (const line of describe(cluster, options, data)) print(line);
      await aborted(ending);
      print('Draining …');
    } finally {
      await demo?.end();
      await cluster.stop();
    }
    print('Stopped.');
    return 0;
  } catch (error) {
    if (ending.aborted && error === ending.reason) {
      await demo?.end();
      print('Stopped.');
      return 0;
    }
    if (!(error instanceof Error) || error.name !== 'Problem') throw error;
    print(error.message);
    await demo?.end();
    return 3;
  }
}

// ---

const portDefault = 8080;

function clusterOptions(options: ServeOptions, data: string) {
  const { servers, balancers, strategy, probeMs, host, serverSettings } = options;
  const logDirectory = join(data, 'logs');
  return {
    ...given({ servers, balancers, strategy, probeMs, host, serverSettings }),
    port: options.port ?? portDefault,
    database: databaseOf(options, data),
    logDirectory,
    restart: true,
    log: createLog({ component: 'serve', destination: join(logDirectory, 'serve.log') }),
  };
}

function tlsOf({ tlsCert, tlsKey }: ServeOptions): TlsFiles | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new Problem('A certificate and its key go together: give both --tls-cert and --tls-key.');
  const files = { certFile: resolve(tlsCert), keyFile: resolve(tlsKey) };
  // Before anything is started.
  readTls(files);
  if (namesIn(files).length > 0) return files;
  throw new Problem(`The certificate in ${tlsCert} names no host (subjectAltName), and browsers would refuse it.`);
}

function databaseOf({ database }: ServeOptions, data: string): DatabaseChoice {
  if (database !== undefined) return { kind: 'external', url: database };
  return { kind: 'embedded', directory: join(data, 'database'), persistent: true };
}

function describe(
  cluster: LocalCluster,
  { database, strategy, web, demo, tlsCert, port = portDefault }: ServeOptions,
  data: string,
): readonly string[] {
  const parts = [...cluster.balancers, ...cluster.servers].map(
    ({ name, role, host, port, pid }) => `  ${name.padEnd(4)} ${role.padEnd(9)} ${host}:${port}, process ${pid}`,
  );
  const where = database === undefined ? `PostgreSQL in ${join(data, 'database')}` : 'PostgreSQL at the given address';
  return [
    `Nawaab is at ${cluster.endpoints.join(' and ')}, balancing by ${strategy ?? 'least-connections'}.`,
    ...(tlsCert === undefined
      ? []
      : [
          `Other machines reach it at ${namesIn({ certFile: tlsCert })
            .map((name) => `https://${inUrl(name)}:${port}`)
            .join(' and ')}.`,
        ]),
    ...(web === false ? [] : ['Open that address in a browser to chat.']),
    ...(demo ? ['A demonstration: ada, grace and alan answer, and the page can kill servers.'] : []),
    ...parts,
    `  ${where}`,
    `  logs in ${join(data, 'logs')}`,
    'Ctrl-C drains and stops.',
  ];
}

/** An IPv6 address stands in brackets. */
function inUrl(name: string): string {
  return name.includes(':') ? `[${name}]` : name;
}

function endBySignal(print: (line: string) => void): AbortSignal {
  const controller = new AbortController();
  const end = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(1);
    print(`${name}: once more stops at once.`);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, end);
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
