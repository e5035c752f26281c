import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../../src/system/apps/serve/ports.ts';
import { type CrashServer, crashServer } from '../helpers/crash/cluster.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const migrations = 'SELECT number::int FROM migrations ORDER BY number';

describe.runIf(process.platform === 'linux')('a server that starts on an empty database', { timeout: 60_000 }, () => {
  let postgres: TestPostgres;
  let ports: readonly number[];
  let all: readonly unknown[];
  let url: string;
  const servers: CrashServer[] = [];
  beforeAll(async () => {
    postgres = await startTestPostgres();
    ports = await freePorts(2, '127.0.0.1');
  });
  beforeEach(async () => {
    url = await postgres.createDatabase();
  });
  afterEach(async () => {
    for (const { process, wire } of servers.splice(0)) {
      process.signal('SIGKILL');
      await process.exited;
      await wire.close();
    }
  });
  afterAll(() => postgres.stop());

  async function server(index: number): Promise<CrashServer> {
    const made = await crashServer(`s${index + 1}`, ports[index]!, url);
    servers.push(made);
    return made;
  }

  it('and is killed in the middle of a migration leaves nothing half done, and the next start does it', async () => {
    const { process, wire } = await server(0);
    for (const [side, text] of [
      ['request', 'CREATE TABLE users'],
      ['answer', 'INSERT INTO migrations'],
      ['answer', 'COMMIT'],
    ] as const) {
      const struck = wire.trap(side, text, async () => {
        process.signal('SIGKILL');
        await process.exited;
        return 'pass';
      });
      await expect(process.start(), `killed at the ${side} of ${text}`).rejects.toThrow('SIGKILL');
      await struck;
    }
    await process.start();
    all = await postgres.query(url, migrations);
    expect(all[0]).toEqual({ number: 1 });
  });

  it('and stands still in the middle of a migration does not keep another from starting, and starts afterwards', async () => {
    const [still, other] = [await server(0), await server(1)];
    const stopped = still.wire.trap('answer', 'CREATE TABLE users', async () => {
      still.process.signal('SIGSTOP');
      return 'pass';
    });
    const late = still.process.start();
    await stopped;
    await other.process.start();
    still.process.signal('SIGCONT');
    await late;
    expect(await postgres.query(url, migrations)).toEqual(all);
  });

  it('waits for a database that goes away between two of its connections', async () => {
    const { process, wire } = await server(0);
    const cut = wire.trap('request', 'LISTEN', async () => {
      wire.refuse();
      wire.reset();
      return 'lose';
    });
    const started = process.start();
    await cut;
    wire.pass();
    await started;
  });
});
