import type { Conversation, ConversationId } from '../../shared/messenger.ts';
import { line } from '../text/spans.ts';
import type { Command, Desk } from './desk.ts';

/** Conversations and what is said in them. */
export const talkCommands: readonly Command[] = [
  {
    name: 'chat',
    usage: '/chat NAME',
    what: 'writes to somebody',
    words: 1,
    async run(desk, text) {
      const found = directWith(desk, text);
      const conversation = found ?? (await desk.settled(desk.messenger.openDirect(text)));
      if (conversation === null) return;
      await desk.show(conversation);
      if (found === null) await warnIfKeyless(desk, conversation);
    },
  },
  {
    name: 'group',
    usage: '/group TITLE: NAMES',
    what: 'makes a group; you are its admin',
    words: 1,
    async run(desk, text) {
      const [, title = '', names = ''] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
      const conversation = await desk.settled(desk.messenger.createGroup(title.trim(), namesIn(names)));
      if (conversation !== null) await desk.show(conversation);
    },
  },
  {
    name: 'add',
    usage: '/add NAMES',
    what: 'adds people to the group (admin)',
    words: 1,
    async run(desk, text) {
      await desk.settled(desk.messenger.invite(desk.current().id, namesIn(text)));
    },
  },
  {
    name: 'remove',
    usage: '/remove NAMES',
    what: 'removes people from the group (admin)',
    words: 1,
    async run(desk, text) {
      await desk.settled(desk.messenger.remove(desk.current().id, namesIn(text)));
    },
  },
  {
    name: 'leave',
    usage: '/leave',
    what: 'leaves the group',
    words: 0,
    async run(desk) {
      await desk.settled(desk.messenger.leave(desk.current().id));
    },
  },
  {
    name: 'members',
    usage: '/members',
    what: 'who is in it, who is admin, and who was verified',
    words: 0,
    run(desk) {
      const { title, members, admin } = desk.current();
      const rows = members.map((name) => {
        const { state } = desk.messenger.verification(name);
        return line(`  ${name}${name === admin ? '  admin' : ''}${trustMarks[state]}`);
      });
      desk.panel(`${title}: ${members.length} members`, rows);
    },
  },
  { name: 'search', usage: '/search TEXT', what: 'finds messages', words: 0, run: (desk, text) => desk.search(text) },
  {
    name: 'retry',
    usage: '/retry',
    what: 'tries again what was not sent',
    words: 0,
    run: (desk) => desk.retryAll(),
  },
  {
    name: 'discard',
    usage: '/discard',
    what: 'puts away what was not sent',
    words: 0,
    async run({ messenger, say }) {
      const failed = messenger.waiting().filter(({ state }) => state.kind === 'failed');
      for (const { id } of failed) await messenger.discard(id);
      say(failed.length === 0 ? 'Nothing has failed.' : `${failed.length} put away.`);
    },
  },
];

// ---

const trustMarks = { unverified: '', verified: '  ✓ verified', changed: '  ! new device' } as const;

/** A device that has just come offers its keys a moment later: what is written before, it will never read. */
async function warnIfKeyless({ messenger, say }: Desk, id: ConversationId): Promise<void> {
  const conversation = messenger.conversation(id);
  if (!conversation?.isEncrypted || (await messenger.safetyCode(id)) !== null) return;
  say(`No device of ${conversation.title} has keys yet: what you write now may not be readable there.`, true);
}

function namesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '');
}

function directWith({ messenger }: Desk, name: string): ConversationId | null {
  const isIt = ({ kind, title }: Conversation) => kind === 'direct' && title.toLowerCase() === name.toLowerCase();
  return messenger.conversations().find(isIt)?.id ?? null;
}
