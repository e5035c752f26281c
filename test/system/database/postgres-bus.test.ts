import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../../src/system/database/bus.ts';
import { createPostgresBus } from '../../../src/system/database/postgres-bus.ts';
import { hint, listen } from '../../contracts/bus.ts';
import { createManualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../../helpers/postgres.ts';

describe('a bus over LISTEN and NOTIFY', () => {
  let postgres: TestPostgres;
  let url: string;
  let clock: ManualClock;
  const buses: Bus[] = [];
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase();
  });
  beforeEach(() => {
    clock = createManualClock();
  });
  afterEach(() => Promise.all(buses.splice(0).map((bus) => bus.close())));
  afterAll(() => postgres.stop());

  async function join() {
    const bus = await createPostgresBus({ url, clock, log: silentLog });
    buses.push(bus);
    return listen(bus);
  }

  it('works again after its connection was cut', async () => {
    const [from, other] = [await join(), await join()];
    const alive = "SELECT pid FROM pg_stat_activity WHERE application_name = 'nawaab' AND datname = current_database()";
    const before = await postgres.query(url, alive);
    await postgres.query(url, `SELECT pg_terminate_backend(pid) FROM (${alive}) alive`);
    await expect.poll(() => postgres.query(url, alive)).toEqual([]);
    await expect
      .poll(() => {
        clock.advance(1_000);
        return postgres.query(url, alive);
      })
      .toHaveLength(before.length);
    await expect
      .poll(() => {
        from.bus.publish([hint(1, 1)]);
        return other.all().length;
      })
      .toBeGreaterThan(0);
    expect(from.all()).toEqual([]);
  });

  it('hints of many calls go in far fewer transactions', async () => {
    const [from, other] = [await join(), await join()];
    const count = 4_000;
    for (let seq = 1; seq <= count; seq++) from.bus.publish([hint(1, seq)]);
    const received = await other.received(count);
    expect(received.map((one) => 'seq' in one && one.seq)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    const [row] = await postgres.query(
      url,
      'SELECT xact_commit::int AS n FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(row!.n).toBeLessThan(count / 4);
  });

  it('says at once when there is no database', async () => {
    const nowhere = url.replace(/:\d+\//, ':1/');
    await expect(createPostgresBus({ url: nowhere, clock, log: silentLog })).rejects.toThrow();
  });
});
