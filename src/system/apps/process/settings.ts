import { z } from 'zod';
import { Problem } from '../../problem.ts';

/** The environment variable that holds a process's settings as JSON when no argument does. */
export const settingsVariable = 'NAWAAB_SETTINGS';

const common = {
  /** The component's name: `s1`, `b1`. Under this name it logs, and a balancer knows a server. */
  name: z.string().min(1).max(64),
  host: z.string().min(1).default('127.0.0.1'),
  /** 0: any free one; the ready line tells which. */
  port: z.int().min(0).max(65_535).default(0),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** `stdin`: the process ends by itself when its standard input closes, as it does when the parent dies. */
  parent: z.enum(['stdin', 'none']).default('none'),
};

/** Cost of a password hash; what is left out is OWASP's choice. */
const hashCostSettings = z.strictObject({
  memoryKiB: z.int().min(8).optional(),
  passes: z.int().min(1).optional(),
  parallelism: z.int().min(1).optional(),
});

/** How long the database is waited for, in milliseconds: for a connection, an answer, a goodbye. Default: `postgresBounds`. */
const databaseBoundsSettings = z.strictObject({
  connectMs: z.number().min(1).optional(),
  statementMs: z.number().min(1).optional(),
  closeMs: z.number().min(1).optional(),
});

/** Settings of one chat server process. */
export const serverProcessSettings = z.strictObject({
  ...common,
  /** Address of the database, `postgres://user:password@host:port/name`. */
  database: z.string().min(1),
  /** How long a database that does not answer is waited for at the start, in milliseconds. */
  databaseWaitMs: z.number().min(0).default(30_000),
  databaseBounds: databaseBoundsSettings.default({}),
  /** Overrides of the server's own settings, by name. */
  settings: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({}),
  hashCost: hashCostSettings.default({}),
  /** Peers, addresses or subnets, whose `x-forwarded-for` is believed. Default: this machine. */
  trustedBalancers: z.array(z.string()).optional(),
});
export type ServerProcessSettings = z.output<typeof serverProcessSettings>;

/** Settings of one balancer process. */
export const balancerProcessSettings = z.strictObject({
  ...common,
  servers: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(64),
        host: z.string().min(1),
        port: z.int().min(1).max(65_535),
        weight: z.number().gt(0).default(1),
      }),
    )
    .min(1),
  strategy: z.string().min(1),
  /** How often each server is probed, in milliseconds. */
  probeMs: z.number().min(50).default(1000),
  /** Makes the strategy's draws repeatable. Default: the operating system's chance. */
  seed: z.int().optional(),
  /** Folder of the web client, made by `vite build`. Default: none is served. */
  web: z.string().min(1).optional(),
  /** Who answers requests under `/demo/`. */
  demo: z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65_535) }).optional(),
  /** Files of a certificate and its private key, in PEM: clients come over TLS then. */
  tls: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
});
export type BalancerProcessSettings = z.output<typeof balancerProcessSettings>;

/** Reads settings from JSON text. Throws a `Problem` that names the field and the rule. */
export function parseSettings<T extends z.ZodType>(schema: T, text: string): z.output<T> {
  const parsed = schema.safeParse(readJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue!.path.length === 0 ? '' : ` at ${issue!.path.join('.')}`;
  throw new Problem(`The settings of this process are wrong${where}: ${issue!.message}.`);
}

// ---

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem(
      `The settings of this process are no JSON: give them as the second argument or in ${settingsVariable}.`,
      { cause },
    );
  }
}
