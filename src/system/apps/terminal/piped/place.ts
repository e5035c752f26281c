import { Problem } from '../../../problem.ts';
import type { Conversation, ConversationId, Messenger, Outcome } from '../../shared/messenger.ts';
import type { ChatOptions } from '../options.ts';

/** The servers said no. */
export class Refused extends Problem {}

/** The conversation that is meant; null when none was named. Waits for the servers when it has to be opened. */
export async function placeOf(
  messenger: Messenger,
  { to, group }: ChatOptions,
  within: <T>(work: Promise<T>) => Promise<T>,
): Promise<ConversationId | null> {
  if (to !== undefined && group !== undefined)
    throw new Problem('--to and --group name two conversations; give one of them.');
  if (group !== undefined) return groupOf(messenger.conversations(), group);
  if (to === undefined) return null;
  const isIt = ({ kind, title }: Conversation) => kind === 'direct' && title.toLowerCase() === to.toLowerCase();
  const known = messenger.conversations().find(isIt);
  if (known) return known.id;
  const { id, outcome } = messenger.openDirect(to);
  const done = await within(outcome);
  if (done.kind === 'failed') await messenger.discard(id);
  return opened(done, to);
}

// ---

function groupOf(conversations: readonly Conversation[], title: string): ConversationId {
  const groups = conversations.filter(({ kind, isMember }) => kind === 'group' && isMember);
  const fitting = groups.filter((each) => each.title.toLowerCase() === title.toLowerCase());
  if (fitting.length === 1) return fitting[0]!.id;
  if (fitting.length > 1) {
    throw new Problem(
      `${fitting.length} groups are called "${title}"; write to it from the screen, where it can be chosen.`,
    );
  }
  const names = groups.map((each) => `"${each.title}"`).join(', ');
  throw new Problem(`There is no group "${title}" here; there ${names === '' ? 'is none' : `are ${names}`}.`);
}

function opened(outcome: Outcome, to: string): ConversationId {
  if (outcome.kind === 'sent') return outcome.conversation;
  const why = outcome.kind === 'failed' ? outcome.reason : 'it was not answered.';
  throw new Refused(`The conversation with ${to} could not be opened: ${why}`);
}
