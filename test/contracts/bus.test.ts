import { afterAll, beforeAll, describe } from 'vitest';
import { createSystemClock } from '../../src/system/adapters/system-clock.ts';
import type { Bus } from '../../src/system/database/bus.ts';
import { createMemoryBusHub } from '../../src/system/database/memory-bus.ts';
import { createPostgresBus } from '../../src/system/database/postgres-bus.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { busContract } from './bus.ts';

busContract('memory', async () => {
  const hub = createMemoryBusHub();
  return { join: async () => hub.join(), dispose: async () => {} };
});

describe('on a PostgreSQL of its own', () => {
  let postgres: TestPostgres;
  let url: string;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase();
  });
  afterAll(() => postgres.stop());

  busContract('postgres', async () => {
    const buses: Bus[] = [];
    return {
      signalsAhead: 200,
      join: async () => {
        const bus = await createPostgresBus({ url, clock: createSystemClock(), log: silentLog });
        buses.push(bus);
        return bus;
      },
      dispose: async () => {
        await Promise.all(buses.map((bus) => bus.close()));
      },
    };
  });
});
