import { type Ms, type Random, type Store, StoreFailure } from '../../../system/index.ts';
import { costs } from './costs.ts';
import { drawMs } from './link.ts';
import { createStoreConnections, type StoreConnection } from './store-connections.ts';
import type { Question, VirtualDatabase } from './virtual-database.ts';
import type { VirtualLink } from './virtual-link.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface VirtualStoreOrder {
  readonly time: VirtualTime;
  /** The database: what it keeps outlives every server. */
  readonly store: Store;
  readonly database: VirtualDatabase;
  /** The server that asks. */
  readonly process: VirtualProcess;
  readonly random: Random;
  readonly link: { readonly baseMs: Ms; readonly jitterMs: Ms };
  /** How faults disturb the way. */
  readonly way: VirtualLink;
  /** Chance that a call still happens although its server was killed before the database had begun it. */
  readonly orphanCommits: number;
  /** A database that stands still is waited for so long; what was asked may happen all the same when it goes on. */
  readonly answerMs: Ms;
}

/**
 * One server's way to the database. Each call travels there, happens at one moment, and its answer travels back. When
 * the server is killed in between, what had begun is committed and what had not may or may not be; nobody is told. When
 * the database is down nothing can be asked; when it goes down, nobody knows what became of what was asked to be written.
 */
export function createVirtualStore(order: VirtualStoreOrder): Store {
  const { time, store, database, process, random, link } = order;

  const connections = createStoreConnections({ time, process, link: order.way, answerMs: order.answerMs });

  function call<T>(rows: number, work: () => Promise<T>): Promise<T> {
    process.charge(costs.storeCall);
    return new Promise((resolve, reject) => {
      const fail = (definite: boolean): void => process.execute(costs.storeCall, () => reject(noAnswer(definite)));
      connections.take(
        (connection) => ask(connection, { rows, work, settled: { resolve, reject } }),
        () => fail(true),
      );
    });
  }

  /** One question over a connection. Who gave it up hears nothing of it, but it may happen all the same. */
  function ask<T>(
    connection: StoreConnection,
    one: { rows: number; work: () => Promise<T>; settled: Settled<T> },
  ): void {
    const { rows, work, settled } = one;
    const { there, back } = connection.way;
    let over = false;
    let cancelStall = (): void => undefined;
    let cancelPatience: (() => void) | null = null;

    /** False when the question was settled before. */
    function settle(): boolean {
      if (over) return false;
      over = true;
      cancelPatience?.();
      return true;
    }
    /** Whatever becomes of it, the connection is not used again. */
    function giveUp(): void {
      if (!settle()) return;
      connection.broke = ignore;
      connection.way.close();
      process.execute(costs.storeCall, () => settled.reject(noAnswer(rows === 0)));
    }
    function answer(run: () => void): void {
      cancelStall();
      database.closed(question);
      const arrived = (): void => {
        if (settle()) connections.giveBack(connection);
        process.execute(costs.storeCall, run);
      };
      time.clock.after(drawMs(link, random), () => back.carry(answerBytes, arrived));
    }
    const fail = (definite: boolean): void => answer(() => settled.reject(noAnswer(definite)));
    const question: Question = {
      broke: () => fail(rows === 0),
      stalled() {
        cancelStall();
        cancelStall = time.clock.after(order.answerMs, () => fail(rows === 0));
      },
    };
    function arrive(): void {
      if (!process.alive && random.next() >= order.orphanCommits) return;
      if (database.process === null) {
        fail(true);
        return;
      }
      database.asked(question);
      database.process.execute(costs.statement + rows * costs.row, () => {
        work().then(
          (value) => answer(() => settled.resolve(value)),
          (error: unknown) => answer(() => settled.reject(error)),
        );
      });
    }

    connection.broke = giveUp;
    connection.disturbed = () => {
      cancelPatience ??= time.clock.after(order.answerMs, giveUp);
    };
    if (connection.way.doubtful) connection.disturbed();
    time.clock.after(drawMs(link, random), () => there.carry(questionBytes + rows * rowBytes, arrive));
  }

  return {
    blobs: {
      begin: (upload) => call(1, () => store.blobs.begin(upload)),
      append: (chunk) => call(1, () => store.blobs.append(chunk)),
      finish: (blob) => call(1, () => store.blobs.finish(blob)),
      abandon: (blob, usedBytes) => call(1, () => store.blobs.abandon(blob, usedBytes)),
      find: (blob, user) => call(0, () => store.blobs.find(blob, user)),
      read: (chunk) => call(0, () => store.blobs.read(chunk)),
      expire: (which) => call(0, () => store.blobs.expire(which)),
    },
    createUser: (user) => call(1, () => store.createUser(user)),
    findUser: (name) => call(0, () => store.findUser(name)),
    createSession: (session) => call(1, () => store.createSession(session)),
    findSession: (digest, now) => call(0, () => store.findSession(digest, now)),
    beginConnection: (digest, now) => call(1, () => store.beginConnection(digest, now)),
    deleteSession: (digest) => call(1, () => store.deleteSession(digest)),
    changePassword: (change) => call(1, () => store.changePassword(change)),
    devicesOf: (user, now) => call(0, () => store.devicesOf(user, now)),
    endSessions: (user) => call(1, () => store.endSessions(user)),
    endDevice: (user, device) => call(1, () => store.endDevice(user, device)),
    deleteUser: (user) => call(1, () => store.deleteUser(user)),
    depart: (limit, at) => call(0, () => store.depart(limit, at)),
    // A copy, as on a wire: what the server does to its own lists afterwards is not part of the call.
    accept: (sends) => ((batch) => call(batch.length, () => store.accept(batch)))([...sends]),
    change: (change) => call(2, () => store.change(change)),
    read: (range) => call(0, () => store.read(range)),
    membershipsOf: (user, device) => call(0, () => store.membershipsOf(user, device)),
    conversation: (id) => call(0, () => store.conversation(id)),
    heads: (ids) => ((copy) => call(0, () => store.heads(copy)))([...ids]),
    moveCursors: (cursors) => ((copy) => call(copy.length, () => store.moveCursors(copy)))([...cursors]),
    receipts: {
      moveReads: (reads) => ((copy) => call(copy.length, () => store.receipts.moveReads(copy)))([...reads]),
      pointers: (ids, membersMax) => ((copy) => call(0, () => store.receipts.pointers(copy, membersMax)))([...ids]),
    },
    presence: {
      openLease: (now) => call(1, () => store.presence.openLease(now)),
      renewLease: (lease, times) => call(1, () => store.presence.renewLease(lease, times)),
      movePresence: (lease, moves) =>
        call(moves.came.length + moves.went.length, () => store.presence.movePresence(lease, moves)),
      presenceOf: (users) => call(0, () => store.presence.presenceOf(users)),
      acquaintances: (asked) => call(0, () => store.presence.acquaintances(asked)),
    },
    expire: (before, limit) => call(0, () => store.expire(before, limit)),
    keys: {
      addPackages: (upload) => call(upload.packages.length, () => store.keys.addPackages(upload)),
      packagesLeft: (device) => call(0, () => store.keys.packagesLeft(device)),
      claimPackages: (claim) => call(1, () => store.keys.claimPackages(claim)),
      addBundle: (bundle) => call(1, () => store.keys.addBundle(bundle)),
      readBundle: (id, by) => call(0, () => store.keys.readBundle(id, by)),
      expireBundles: (range) => call(0, () => store.keys.expireBundles(range)),
    },
    ping: () => call(0, () => store.ping()),
    // The database stays for the others.
    close: () => call(0, async () => undefined),
  };
}

// ---

interface Settled<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

const ignore = (): void => undefined;

/** Sizes on the wire, for links that are narrow. NOT MEASURED: a statement with its parameters, each row that it writes, an answer. */
const questionBytes = 200;
const rowBytes = 400;
const answerBytes = 300;

function noAnswer(definite: boolean): StoreFailure {
  const outcome = definite ? 'nothing was written' : 'it may have been written';
  return new StoreFailure(`The database did not answer, ${outcome}.`, { definite });
}
