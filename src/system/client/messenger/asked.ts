import type { EpochMs } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import type { ConversationId, UserName } from '../../protocol/ids.ts';

/** What was asked for, as it is kept until it is answered. */
export type AskedFor = { readonly at: EpochMs } & (
  | { readonly op: 'send'; readonly conversation: ConversationId; readonly content: string }
  | { readonly op: 'openDirect'; readonly with: UserName }
  | { readonly op: 'createGroup'; readonly title: string; readonly users: readonly UserName[] }
  | { readonly op: 'invite' | 'remove'; readonly conversation: ConversationId; readonly users: readonly UserName[] }
  | { readonly op: 'leave'; readonly conversation: ConversationId }
  /** Changes the keys. Asked for by the sealing and never shown. */
  | { readonly op: 'rekey'; readonly conversation: ConversationId }
);

/** What a user can ask for. */
export type AskedByUser = Exclude<AskedFor, { op: 'rekey' }>;

export function conversationOf(asked: AskedFor): ConversationId | null {
  return 'conversation' in asked ? asked.conversation : null;
}

export function writeAsked(asked: AskedFor): string {
  return JSON.stringify(asked);
}

/** Reads what `writeAsked` made; the database holds nothing else. */
export function readAsked(written: string): AskedFor {
  const asked = JSON.parse(written) as AskedFor;
  if (!(asked.op in known)) {
    throw new Problem(
      `The local database holds an operation "${asked.op}" that this program does not know; use a newer version.`,
    );
  }
  return asked;
}

// ---

const known: Readonly<Record<AskedFor['op'], true>> = {
  send: true,
  openDirect: true,
  createGroup: true,
  invite: true,
  remove: true,
  leave: true,
  rekey: true,
};
