import type { Ms } from '../../../system/index.ts';
import type { LinkConnection, VirtualLink } from './virtual-link.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Carries one question and its answer at a time. */
export interface StoreConnection {
  readonly way: LinkConnection;
  /** Who hears that it broke, and who that the answer may never come; set by who uses it. */
  broke: () => void;
  disturbed: () => void;
}

/** Connections of one server to the database: made when needed, used again, and made anew after a break. */
export interface StoreConnections {
  /**
   * Calls `use` with a connection that has been used before, or with a new one; at once when nothing disturbs the link.
   * `failed`: none came about in time.
   */
  take(use: (connection: StoreConnection) => void, failed: () => void): void;
  /** One that is as good as before. */
  giveBack(connection: StoreConnection): void;
}

/** As many as a server keeps: for writing, for the rest, and for images. */
const idleMax = 7;
/** How long a new connection may take, as for the real store. */
const connectMs: Ms = 5000;
/** What is said before a connection can be used, each way. */
const greetingBytes = 300;

const ignore = (): void => undefined;

export function createStoreConnections({
  time,
  process,
  link,
  answerMs,
}: {
  readonly time: VirtualTime;
  /** The server. */
  readonly process: VirtualProcess;
  readonly link: VirtualLink;
  /** How long an answer is waited for; a new connection no longer than that. */
  readonly answerMs: Ms;
}): StoreConnections {
  // The one used last is used next.
  const idle: StoreConnection[] = [];

  function connect(): StoreConnection {
    const connection: StoreConnection = {
      way: link.connect({
        owner: process,
        broke() {
          const at = idle.indexOf(connection);
          if (at >= 0) idle.splice(at, 1);
          connection.broke();
        },
        disturbed: () => connection.disturbed(),
      }),
      broke: ignore,
      disturbed: ignore,
    };
    return connection;
  }

  /** Over a disturbed link it takes time, or does not come about. */
  function greet(connection: StoreConnection, use: (connection: StoreConnection) => void, failed: () => void): void {
    const { way } = connection;
    const giveUp = (): void => {
      cancel();
      connection.broke = ignore;
      way.close();
      failed();
    };
    const cancel = time.clock.after(Math.min(connectMs, answerMs), giveUp);
    connection.broke = giveUp;
    way.there.carry(greetingBytes, () =>
      way.back.carry(greetingBytes, () => {
        cancel();
        connection.broke = ignore;
        use(connection);
      }),
    );
  }

  return {
    take(use, failed) {
      const used = idle.pop();
      if (used) return use(used);
      const fresh = connect();
      if (fresh.way.doubtful) greet(fresh, use, failed);
      else use(fresh);
    },
    giveBack(connection) {
      connection.broke = ignore;
      connection.disturbed = ignore;
      if (idle.length < idleMax) idle.push(connection);
      else connection.way.close();
    },
  };
}
