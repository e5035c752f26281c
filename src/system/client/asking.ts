import type { ClientFrame, OperationFrame } from '../protocol/frames.ts';
import { changeChars } from '../protocol/frames.ts';
import type { ConversationId, Seq } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Invocation, SessionSettings } from './contract.ts';

/** An operation without its client id. */
export type Asking = {
  [T in OperationFrame['type']]: Omit<Extract<OperationFrame, { type: T }>, 'clientId'>;
}[OperationFrame['type']];

export function frameText(frame: ClientFrame): string {
  return JSON.stringify(frame);
}

/** What is not wanted is left out. */
export function helloText({ token, receipts, typing }: SessionSettings, cursors: [ConversationId, Seq][]): string {
  return frameText({ type: 'hello', token, cursors, ...(receipts && { receipts }), ...(typing && { typing }) });
}

/** What the application is told of an operation that it asked for. */
export function invocationOf(asked: OperationFrame): Invocation {
  return {
    op: asked.type,
    clientId: asked.clientId,
    conversation: 'conversation' in asked ? asked.conversation : null,
    users: asked.type === 'openDirect' ? [asked.with] : 'users' in asked ? (asked.users ?? []) : [],
    payload: 'payload' in asked ? asked.payload : null,
  };
}

/** What the server would close the connection or refuse the frame for, for ever, since the operation would be repeated. */
export function isTooLarge(asked: OperationFrame): boolean {
  if (asked.type === 'send') return asked.payload.length > limits.payloadCharsMax;
  if (asked.type === 'leave') return false;
  const users = 'users' in asked ? (asked.users ?? []) : [];
  if (users.length > limits.usersPerChangeMax || changeChars(asked) > limits.payloadCharsMax) return true;
  return asked.type === 'createGroup' && asked.title.length > limits.groupTitleCharsMax;
}
