import { type Store, StoreFailure } from '../database/store.ts';
import type { Clock, Log, Ms } from '../ports.ts';

export interface DatabaseWatch {
  readonly up: boolean;
  /** The store, watched: a failure marks the database as down, and from then on it is pinged until it answers. */
  readonly store: Store;
}

export function watchDatabase(
  store: Store,
  { clock, log, retryMs }: { clock: Clock; log: Log; retryMs: Ms },
): DatabaseWatch {
  let up = true;

  const works = (): void => {
    if (up) return;
    up = true;
    log.write('info', 'The database answers again.');
  };
  const ping = (): void => {
    store.ping().then(works, () => clock.after(retryMs, ping));
  };
  const fails = (error: unknown): void => {
    if (!up || !(error instanceof StoreFailure)) return;
    up = false;
    log.write('warn', 'The database does not answer; sends are refused until it does.', { error: error.message });
    clock.after(retryMs, ping);
  };
  const watched =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      try {
        const answer = await call(...args);
        works();
        return answer;
      } catch (error) {
        fails(error);
        throw error;
      }
    };

  return {
    get up() {
      return up;
    },
    store: {
      blobs: {
        begin: watched((upload) => store.blobs.begin(upload)),
        append: watched((chunk) => store.blobs.append(chunk)),
        finish: watched((blob) => store.blobs.finish(blob)),
        abandon: watched((blob, usedBytes) => store.blobs.abandon(blob, usedBytes)),
        find: watched((blob, user) => store.blobs.find(blob, user)),
        read: watched((chunk) => store.blobs.read(chunk)),
        expire: watched((which) => store.blobs.expire(which)),
      },
      createUser: watched((user) => store.createUser(user)),
      findUser: watched((name) => store.findUser(name)),
      createSession: watched((session) => store.createSession(session)),
      findSession: watched((digest, now) => store.findSession(digest, now)),
      beginConnection: watched((digest, now) => store.beginConnection(digest, now)),
      deleteSession: watched((digest) => store.deleteSession(digest)),
      changePassword: watched((change) => store.changePassword(change)),
      devicesOf: watched((user, now) => store.devicesOf(user, now)),
      endSessions: watched((user) => store.endSessions(user)),
      endDevice: watched((user, device) => store.endDevice(user, device)),
      deleteUser: watched((user) => store.deleteUser(user)),
      depart: watched((limit, at) => store.depart(limit, at)),
      accept: watched((sends) => store.accept(sends)),
      change: watched((change) => store.change(change)),
      read: watched((range) => store.read(range)),
      membershipsOf: watched((user, device) => store.membershipsOf(user, device)),
      conversation: watched((id) => store.conversation(id)),
      heads: watched((ids) => store.heads(ids)),
      moveCursors: watched((cursors) => store.moveCursors(cursors)),
      presence: {
        openLease: watched((now) => store.presence.openLease(now)),
        renewLease: watched((lease, times) => store.presence.renewLease(lease, times)),
        movePresence: watched((lease, moves) => store.presence.movePresence(lease, moves)),
        presenceOf: watched((users) => store.presence.presenceOf(users)),
        acquaintances: watched((asked) => store.presence.acquaintances(asked)),
      },
      receipts: {
        moveReads: watched((reads) => store.receipts.moveReads(reads)),
        pointers: watched((ids, membersMax) => store.receipts.pointers(ids, membersMax)),
      },
      expire: watched((before, limit) => store.expire(before, limit)),
      keys: {
        addPackages: watched((upload) => store.keys.addPackages(upload)),
        packagesLeft: watched((device) => store.keys.packagesLeft(device)),
        claimPackages: watched((claim) => store.keys.claimPackages(claim)),
        addBundle: watched((bundle) => store.keys.addBundle(bundle)),
        readBundle: watched((id, by) => store.keys.readBundle(id, by)),
        expireBundles: watched((range) => store.keys.expireBundles(range)),
      },
      ping: watched(() => store.ping()),
      close: () => store.close(),
    },
  };
}
