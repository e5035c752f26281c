import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { readBody } from '../../../adapters/http-body.ts';
import { listen } from '../../../adapters/listen.ts';
import { Problem } from '../../../problem.ts';
import { userName } from '../../../protocol/frames.ts';
import type { UserName } from '../../../protocol/ids.ts';

/** What the web client can have done to a demonstration. */
export interface DemoActs {
  people(): readonly string[];
  servers(): readonly { readonly name: string; readonly isUp: boolean }[];
  /** The scripted users write to somebody, once. */
  welcome(name: UserName): void;
  /** Rejects with a `Problem` when there is no such server or it is down. */
  kill(server: string): Promise<void>;
}

export interface DemoControl {
  readonly host: string;
  readonly port: number;
  close(): void;
}

/**
 * Listens on this machine only; balancers pass on what is asked under `/demo/`. What changes something needs a header that
 * no page of another origin can set without asking first, which is refused here.
 */
export async function startDemoControl(acts: DemoActs): Promise<DemoControl> {
  const host = '127.0.0.1';
  const server = createServer((request, response) => {
    // One request a connection: the balancer decides anew for the next.
    response.setHeader('connection', 'close').setHeader('cache-control', 'no-store');
    answer(acts, request).then(
      (body) => send(response, 200, body),
      (error: Error) => send(response, error.name === 'Problem' ? 400 : 500, { message: error.message }),
    );
  });
  const port = await listen(server, { host, port: 0 });
  return { host, port, close: () => server.close().closeAllConnections() };
}

// ---

const bodies = { welcome: z.strictObject({ name: userName }), kill: z.strictObject({ server: z.string().max(64) }) };
const bodyLimits = { bytesMax: 1024, withinMs: 5000 };

async function answer(acts: DemoActs, request: IncomingMessage): Promise<object> {
  const asked = `${request.method} ${request.url}`;
  if (asked === 'GET /demo/') return { people: acts.people(), servers: acts.servers() };
  if (request.headers['x-nawaab-demo'] !== '1') throw new Problem('This needs the header x-nawaab-demo: 1.');
  switch (asked) {
    case 'POST /demo/welcome':
      acts.welcome((await read(request, bodies.welcome)).name as UserName);
      return {};
    case 'POST /demo/kill':
      await acts.kill((await read(request, bodies.kill)).server);
      return {};
    default:
      throw new Problem(`A demonstration does not know ${asked}.`);
  }
}

async function read<T extends z.ZodType>(request: IncomingMessage, schema: T): Promise<z.output<T>> {
  const body = await readBody(request, bodyLimits);
  const parsed = schema.safeParse(body.kind === 'text' ? parse(body.text) : null);
  if (parsed.success) return parsed.data;
  throw new Problem(`The request is wrong: ${parsed.error.issues[0]!.message}.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
