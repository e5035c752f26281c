import type { AddressInfo, Server } from 'node:net';
import { Problem } from '../problem.ts';

export interface ListenOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Resolves with the port once the server listens; rejects with a `Problem` that names cause and remedy. */
export function listen(server: Server, { host, port }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    if (!Number.isInteger(port) || port < 0 || port > portMax)
      throw new Problem(`There is no port ${port}: choose one from 1 to ${portMax}.`);
    const refused = (error: NodeJS.ErrnoException) => reject(listenProblem(error, { host, port }));
    server.once('error', refused);
    server.listen({ host, port }, () => {
      server.off('error', refused);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

// ---

const portMax = 65_535;

function listenProblem(error: NodeJS.ErrnoException, { host, port }: ListenOptions): Problem {
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is in use by another program: choose another port or stop that program.`,
    EACCES: `There is no permission to listen on port ${port} of ${host}: choose a port above 1023.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: listen on 127.0.0.1 or 0.0.0.0.`,
    ENOTFOUND: `The host name ${host} is not known: listen on 127.0.0.1 or 0.0.0.0.`,
  };
  const sentence = sentences[error.code ?? ''] ?? `Listening on ${host}:${port} failed: ${error.message}.`;
  return new Problem(sentence, { cause: error });
}
