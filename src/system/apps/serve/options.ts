import type { Log, Ms } from '../../ports.ts';
import type { Role } from './component.ts';
import type { DatabaseChoice } from './database.ts';
import type { Death } from './death.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface LocalClusterOptions {
  /** How many chat servers: `s1`, `s2`, … Default 3. */
  readonly servers?: number;
  /** How many balancers: `b1`, `b2`, … Default 1. */
  readonly balancers?: number;
  /** Default `least-connections`. */
  readonly strategy?: string;
  /** How often each balancer probes each server. Default 1000. */
  readonly probeMs?: Ms;
  /** Makes the strategy's draws repeatable. Default: they are not. */
  readonly seed?: number;
  /** Address that the balancers listen on. Servers and database listen on 127.0.0.1 only. Default 127.0.0.1. */
  readonly host?: string;
  /** Port of the first balancer; the others get the following ones. Default: free ones. */
  readonly port?: number;
  /** Folder of the web client that the balancers serve. Default: none. */
  readonly web?: string;
  /** Who answers requests under `/demo/`. */
  readonly demo?: { readonly host: string; readonly port: number };
  /** Files of a certificate and its private key, in PEM: other machines come over TLS then. Default: in the clear. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  readonly database: DatabaseChoice;
  /** One log file for each component, `s1.log`, is appended to in here. It is made when missing. */
  readonly logDirectory: string;
  /** Overrides of the servers' settings, by name. */
  readonly serverSettings?: Readonly<Record<string, number | string | boolean>>;
  /** Cost of password hashes; default: OWASP's choice. */
  readonly hashCost?: { readonly memoryKiB?: number; readonly passes?: number; readonly parallelism?: number };
  /** Start again what dies by itself. Default false. */
  readonly restart?: boolean;
  /** Time that a process gets to end after SIGTERM before it is killed. Default 15,000. */
  readonly graceMs?: Ms;
  /**
   * Which address `from` (a server or balancer) is to use for `to` (the database or a server), given its own: a test's way to
   * lay something in between. Default: its own.
   */
  readonly via?: (from: string, to: string, address: Address) => Promise<Address>;
  readonly log: Log;
  /** Hears of every process that died without having been told to. */
  readonly died?: (death: Death) => void;
  /** Gives up the start. A cluster that has started is ended by `stop` only. */
  readonly signal?: AbortSignal;
}

export interface ComponentView {
  readonly name: string;
  readonly role: Role;
  readonly host: string;
  readonly port: number;
  /** `http://host:port` */
  readonly origin: string;
  /** Null while it is down. */
  readonly pid: number | null;
  readonly logFile: string;
}
