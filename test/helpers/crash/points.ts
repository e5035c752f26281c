import type { Around } from '../../../src/system/apps/process/server-process.ts';
import type { Socket } from '../../../src/system/ports.ts';

/** Where on its way through a server an operation can be met. Its way through the database is met on a `RoughWire`. */
export const faultPoints = {
  received: 'The operation has arrived; nothing else has happened.',
  writing: 'It is on its way to the database.',
  committed: 'It is committed; nobody has been told.',
  answered: 'Its sender has the answer; no other server has been told.',
  heard: 'Another server has told of it; nothing is delivered yet.',
  acknowledged: 'Its receivers have it and have said so; no cursor is written.',
  greeted: 'The connection of a device has begun; it has not been told.',
  draining: 'The server was told to end; its clients were not told.',
} as const;
export type FaultPoint = keyof typeof faultPoints;

/** Stops the server at a point: dead, or until somebody lets it go on. */
export interface FaultOrder {
  readonly point: FaultPoint;
  /** At which kind of operation; without meaning from `heard` on. */
  readonly kind: 'send' | 'change';
  /** How many are let by before. */
  readonly skip: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

export interface FaultTrigger {
  arm(order: FaultOrder): void;
  /** Stands at every point. Does not return when the signal is deadly. */
  reached(point: FaultPoint, kind?: FaultOrder['kind']): void;
}

export function createFaultTrigger(strike: (signal: FaultOrder['signal']) => void): FaultTrigger {
  let armed: FaultOrder | null = null;
  let left = 0;
  return {
    arm(order) {
      armed = order;
      left = order.skip;
    },
    reached(point, kind) {
      if (armed?.point !== point || (kind !== undefined && armed.kind !== kind) || left-- > 0) return;
      const { signal } = armed;
      armed = null;
      strike(signal);
    },
  };
}

/** Puts the points on the ports of a real server. */
export function pointsAround({ reached }: FaultTrigger): Around {
  return {
    ports: ({ store, bus }) => ({
      store: {
        ...store,
        async beginConnection(digest, now) {
          const connected = await store.beginConnection(digest, now);
          reached('greeted');
          return connected;
        },
        async accept(sends) {
          const answer = store.accept(sends);
          reached('writing', 'send');
          const outcomes = await answer;
          reached('committed', 'send');
          return outcomes;
        },
        async change(change) {
          const answer = store.change(change);
          reached('writing', 'change');
          const outcome = await answer;
          reached('committed', 'change');
          return outcome;
        },
        moveCursors(cursors) {
          reached('acknowledged');
          return store.moveCursors(cursors);
        },
      },
      bus: {
        ...bus,
        publish(hints) {
          const kind = hints.some((hint) => 'affected' in hint) ? 'change' : 'send';
          // What was written to sockets in this turn is on the wire after the next.
          setImmediate(() =>
            setImmediate(() => {
              reached('answered', kind);
              bus.publish(hints);
            }),
          );
        },
        subscribe: (receive) =>
          bus.subscribe((hints) => {
            reached('heard');
            receive(hints);
          }),
      },
    }),
    chat: (chat) => ({
      ...chat,
      accept(socket: Socket) {
        const handlers = chat.accept(socket);
        return {
          ...handlers,
          message(frame: string) {
            const kind = /"type":"(send|createGroup|openDirect|invite|remove|leave)"/.exec(frame)?.[1];
            if (kind !== undefined) reached('received', kind === 'send' ? 'send' : 'change');
            handlers.message(frame);
          },
        };
      },
      drain() {
        reached('draining');
        return chat.drain();
      },
    }),
  };
}
