/** What happens to accounts at the same moment, held still at the worst place by a lock of a third party. */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../../src/system/database/postgres-store.ts';
import type { Connected, Store } from '../../../src/system/database/store.ts';
import { createGroup, group, invite, openDirect, people } from '../../contracts/store-kit.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../../helpers/postgres.ts';

let postgres: TestPostgres;
let url: string;
let store: Store;
let holder: pg.Client;
beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.createDatabase();
  store = await createPostgresStore({ url, log: silentLog });
});
beforeEach(async () => {
  await postgres.empty(url);
  holder = new pg.Client(url);
  await holder.connect();
});
afterEach(() => holder.end());
afterAll(async () => {
  await store.close();
  await postgres.stop();
});

const waiting = `SELECT count(*)::int AS n FROM pg_stat_activity
  WHERE application_name = 'nawaab' AND datname = current_database() AND wait_event_type = 'Lock'`;
const waiters = async () => (await postgres.query(url, waiting))[0]!.n as number;

async function departAll(): Promise<void> {
  while ((await store.depart(10, 9)).more);
}

describe('a user who is deleted in the middle of', () => {
  it('an invitation is a member of nothing afterwards', async () => {
    const { ada, bob, crew } = await crewOf();
    await expectOut(bob, () => store.change(invite(ada, crew, 'bob')), 'LOCK TABLE members IN SHARE MODE');
  });

  it('the opening of a direct conversation is a member of nothing afterwards', async () => {
    const { ada, bob } = await crewOf();
    const same = `INSERT INTO conversations (last_seq, kind, title, direct_low, direct_high)
      VALUES (1, 'direct', '', ${ada.user}, ${bob.user})`;
    await expectOut(bob, () => store.change(openDirect(ada, 'bob')), same);
  });

  it('creating a group is a member of nothing afterwards', async () => {
    const { bob } = await crewOf();
    const change = createGroup(bob);
    const same = `INSERT INTO messages (conversation, seq, device, client_id, at)
      VALUES (999, 1, ${bob.device}, ${change.clientId}, 1)`;
    await expectOut(bob, () => store.change(change), same);
  });

  async function crewOf() {
    const [ada, bob] = await people(store, 'ada', 'bob');
    return { ada, bob, crew: await group(store, ada) };
  }

  /** `obstacle` holds the change up when everything has been looked up and only the new member cannot be written yet. */
  async function expectOut({ user }: Connected, change: () => Promise<unknown>, obstacle: string): Promise<void> {
    await holder.query(`BEGIN; ${obstacle}`);
    const changed = change();
    await expect.poll(waiters).toBe(1);
    let isDeleted = false;
    const deleted = store.deleteUser({ id: user, passwordHash: 'hash', at: 5 }).finally(() => {
      isDeleted = true;
    });
    await expect.poll(async () => isDeleted || (await waiters()) === 2).toBe(true);
    // A deletion that did not wait would find nothing to depart from now, and be done.
    if (isDeleted) await departAll();
    await holder.query('ROLLBACK');
    await Promise.all([changed, deleted]);
    await departAll();
    const stays = `SELECT conversation FROM members WHERE user_id = ${user} AND left_seq IS NULL`;
    expect(await postgres.query(url, stays)).toEqual([]);
  }
});

describe('a sign-in with the old password', () => {
  it('that is being written while the password changes does not survive it', async () => {
    const [ada] = await people(store, 'ada');
    const same = `INSERT INTO sessions (token_digest, device, created_at, expires_at) VALUES ('stolen', ${ada.device}, 1, 9)`;
    await holder.query(`BEGIN; ${same}`);
    const session = {
      user: ada.user,
      deviceLabel: 'thief',
      tokenDigest: 'stolen',
      at: 0,
      expiresAt: 99,
      checked: 'hash',
    };
    const signedIn = store.createSession(session);
    await expect.poll(waiters).toBe(1);
    let isChanged = false;
    const changed = store.changePassword({ user: ada.user, from: 'hash', to: 'new', keep: '' }).finally(() => {
      isChanged = true;
    });
    await expect.poll(async () => isChanged || (await waiters()) === 2).toBe(true);
    await holder.query('ROLLBACK');
    expect(await Promise.all([signedIn, changed])).toEqual([expect.any(Number), true]);
    expect(await store.findSession('stolen', 1)).toBeNull();
  });
});
