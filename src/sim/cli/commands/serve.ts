import { Command } from 'commander';
import { strategies } from '../../../system/index.ts';
import { serve } from '../../../system/node.ts';
import { parseCount } from '../options.ts';
import { checkStrategy } from '../scenario-options.ts';

interface ServeOptions {
  readonly servers: number;
  readonly balancers: number;
  readonly strategy: string;
  readonly host: string;
  readonly port: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly database?: string;
  readonly data: string;
  readonly web: boolean;
  readonly demo?: boolean;
}

export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the chat system by itself, on a PostgreSQL of its own or on one that is there.')
    .option('--servers <n>', 'chat servers', parseCount('--servers', 1, 64), 3)
    .option('--balancers <n>', 'balancers', parseCount('--balancers', 1, 16), 1)
    .option('--strategy <name>', `one of ${Object.keys(strategies).join(', ')}`, 'least-connections')
    .option('--host <address>', 'where the balancers listen', '127.0.0.1')
    .option('--port <n>', 'port of the first balancer', parseCount('--port', 1, 65_535), 8080)
    .option('--tls-cert <file>', 'certificate in PEM: other machines come over https then')
    .option('--tls-key <file>', 'its private key in PEM')
    .option('--database <url>', 'postgres://user:password@host:port/name instead of an own one')
    .option('--data <folder>', 'where database and logs are kept', 'nawaab-data')
    .option('--no-web', 'without the web client')
    .option('--demo', 'with scripted users who answer, and a button in the web client that kills a server')
    .addHelpText('after', examples)
    .action(async (options: ServeOptions) => {
      checkStrategy(options.strategy);
      process.exitCode = await serve(options);
    });
}

// ---

const examples = `
Examples:
  nawaab serve --demo
  nawaab serve --servers 3 --strategy cpu
  nawaab serve --port 9000 --data ./chat-data
  nawaab serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
  nawaab serve --database postgres://chat:secret@127.0.0.1:5432/chat`;
