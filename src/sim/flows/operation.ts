/** Flows as data: an explicit list of operations that refers to users, conversations and servers by small numbers. */
import { z } from 'zod';

/** Bounds of a flow: small, so that users meet often. */
export const flowLimits = { users: 6, conversations: 5, servers: 3, operationsMax: 1000 } as const;

const user = z
  .int()
  .min(0)
  .max(flowLimits.users - 1);
const conversation = z
  .int()
  .min(0)
  .max(flowLimits.conversations - 1);
const server = z.int().min(1).max(flowLimits.servers);
/** A server's way to the users, or to the database. */
export const linkSides = ['users', 'database'] as const;
const side = z.enum(linkSides);

export const operation = z.discriminatedUnion('do', [
  /** Signs up and in; offline until `connect`. */
  z.strictObject({ do: z.literal('signUp'), user }),
  z.strictObject({ do: z.literal('connect'), user }),
  /** Opens a direct conversation, from then on known as `conversation`. */
  z.strictObject({ do: z.literal('direct'), user, conversation, with: user }),
  z.strictObject({ do: z.literal('group'), user, conversation }),
  z.strictObject({ do: z.literal('invite'), user, conversation, who: user }),
  z.strictObject({ do: z.literal('remove'), user, conversation, who: user }),
  z.strictObject({ do: z.literal('leave'), user, conversation }),
  z.strictObject({ do: z.literal('send'), user, conversation, bytes: z.int().min(1).max(4000) }),
  /** `goOffline` says goodbye, `drop` is a lost network; `comeBack` ends both. */
  z.strictObject({ do: z.literal('goOffline'), user }),
  z.strictObject({ do: z.literal('drop'), user }),
  z.strictObject({ do: z.literal('comeBack'), user }),
  /** kill -9, and a fresh start on the same database. */
  z.strictObject({ do: z.literal('killServer'), server }),
  z.strictObject({ do: z.literal('startServer'), server }),
  /** The server stands still, then goes on. */
  z.strictObject({ do: z.literal('pauseServer'), server }),
  z.strictObject({ do: z.literal('resumeServer'), server }),
  /** The way carries nothing, carries it late, has lost its far end, or breaks its connections; then it is as before. */
  z.strictObject({ do: z.literal('cutLink'), server, side }),
  z.strictObject({ do: z.literal('slowLink'), server, side }),
  z.strictObject({ do: z.literal('halveLink'), server, side }),
  z.strictObject({ do: z.literal('resetLink'), server, side }),
  z.strictObject({ do: z.literal('healLink'), server, side }),
  z.strictObject({ do: z.literal('wait'), ms: z.number().gt(0).max(10_000) }),
]);
export type Operation = z.infer<typeof operation>;

export const flow = z.strictObject({
  /** The seed of all that is not an operation: delays, lost hints, settings of the servers. */
  world: z.int().min(0).max(0x7fffffff),
  servers: z.int().min(1).max(flowLimits.servers),
  operations: z.array(operation).max(flowLimits.operationsMax),
});
export type Flow = z.infer<typeof flow>;

export type LinkOperation = Extract<Operation, { side: unknown }>;
export type Way = Pick<LinkOperation, 'server' | 'side'>;

/** Its name in a cluster with one balancer. */
export function linkOf({ server, side }: Way): string {
  return side === 'users' ? `b1-s${server}` : `s${server}-database`;
}

/** One line for people: `send u0 c1 20 bytes`. */
export function describeOperation(one: Operation): string {
  switch (one.do) {
    case 'direct':
      return `direct u${one.user} with u${one.with} as c${one.conversation}`;
    case 'group':
      return `group u${one.user} as c${one.conversation}`;
    case 'invite':
    case 'remove':
      return `${one.do} u${one.user} c${one.conversation} u${one.who}`;
    case 'leave':
      return `leave u${one.user} c${one.conversation}`;
    case 'send':
      return `send u${one.user} c${one.conversation} ${one.bytes} bytes`;
    case 'killServer':
    case 'startServer':
    case 'pauseServer':
    case 'resumeServer':
      return `${one.do} s${one.server}`;
    case 'cutLink':
    case 'slowLink':
    case 'halveLink':
    case 'resetLink':
    case 'healLink':
      return `${one.do} ${linkOf(one)}`;
    case 'wait':
      return `wait ${one.ms} ms`;
    default:
      return `${one.do} u${one.user}`;
  }
}
