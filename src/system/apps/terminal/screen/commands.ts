import { Problem } from '../../../problem.ts';
import type { Chat } from '../../shared/chat.ts';
import type { Asked, BalancerView, Conversation, ConversationId, Messenger } from '../../shared/messenger.ts';
import { printableLine } from '../../shared/printable.ts';
import type { Line } from '../text/spans.ts';
import { bold, line } from '../text/spans.ts';
import type { Editor } from './editor.ts';
import { written } from './editor.ts';

/** What a command may do. */
export interface Desk {
  readonly messenger: Messenger;
  readonly chat: Chat;
  /** The open conversation. Throws a `Problem` when there is none. */
  current(): Conversation;
  say(text: string, isBad?: boolean): void;
  /** Waits for the outcome, and says so when it failed. Null then, and when the program ended before. */
  settled(asked: Asked): Promise<ConversationId | null>;
  show(conversation: ConversationId): Promise<void>;
  panel(title: string, lines: readonly Line[]): void;
  search(text: string): void;
  retryAll(): void;
  help(): void;
  quit(): void;
}

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly what: string;
  /** Fewest words behind the name. */
  readonly words: number;
  run(desk: Desk, text: string): Promise<void> | void;
}

export const commands: readonly Command[] = [
  {
    name: 'chat',
    usage: '/chat NAME',
    what: 'writes to somebody',
    words: 1,
    async run(desk, text) {
      const found = directWith(desk, text);
      const conversation = found ?? (await desk.settled(desk.messenger.openDirect(text)));
      if (conversation !== null) await desk.show(conversation);
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
    what: 'who is in it, and who is admin',
    words: 0,
    run(desk) {
      const { title, members, admin } = desk.current();
      const rows = members.map((name) => line(`  ${name}${name === admin ? '  admin' : ''}`));
      desk.panel(`${title}: ${members.length} members`, rows);
    },
  },
  {
    name: 'verify',
    usage: '/verify [NAME]',
    what: 'the safety code, to be compared with the other',
    words: 0,
    run: verify,
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
  {
    name: 'server',
    usage: '/server',
    what: 'which server this is, and how the balancer chooses',
    words: 0,
    async run({ chat, panel }) {
      const view = await chat.look();
      panel(
        'Servers',
        view === null ? [line('The balancer does not say.')] : serverLines(view, chat.state.state.server),
      );
    },
  },
  { name: 'help', usage: '/help', what: 'keys and commands', words: 0, run: (desk) => desk.help() },
  { name: 'quit', usage: '/quit', what: 'leaves the program', words: 0, run: (desk) => desk.quit() },
];

/** A command and what stands behind it; null when the text is a message. */
export function commandIn(text: string): { readonly name: string; readonly rest: string } | null {
  const match = /^\/(?!\/)(\S*)\s*(.*)$/s.exec(text);
  return match && { name: match[1]!.toLowerCase(), rest: match[2]!.trim() };
}

export function findCommand(name: string): Command | null {
  const fitting = commands.filter((command) => command.name.startsWith(name));
  return fitting.find((command) => command.name === name) ?? (fitting.length === 1 ? fitting[0]! : null);
}

/** Usages of the commands that what is written may become; null when it is no command. */
export function commandHints(editor: Editor): readonly string[] | null {
  const found = commandIn(written(editor));
  if (found === null) return null;
  return commands
    .filter(({ name }) => name.startsWith(found.name))
    .map(({ usage, what }) => `${usage}  ${what}`)
    .toSorted((a, b) => Number(b.startsWith(`/${found.name} `)) - Number(a.startsWith(`/${found.name} `)));
}

/** What Tab makes of what is written: the command, or a name that begins so; null when it does nothing. */
export function completed(text: string, names: readonly string[]): string | null {
  const found = commandIn(text);
  if (found && !/\s/.test(text)) {
    const fitting = commands.filter(({ name }) => name.startsWith(found.name));
    return fitting.length === 0
      ? null
      : `/${commonBeginning(fitting.map(({ name }) => name))}${fitting.length === 1 ? ' ' : ''}`;
  }
  const begun = /\S+$/.exec(text)?.[0];
  if (!found || begun === undefined) return null;
  const fitting = names.filter((name) => name.toLowerCase().startsWith(begun.toLowerCase()));
  if (fitting.length === 0) return null;
  return text.slice(0, -begun.length) + commonBeginning(fitting) + (fitting.length === 1 ? ' ' : '');
}

// ---

function namesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '');
}

async function verify({ messenger, current, panel }: Desk, text: string): Promise<void> {
  const { id, kind, title } = current();
  if (kind === 'group' && text === '') throw new Problem('Say with whom: /verify NAME.');
  const name = text === '' ? title : text;
  const code = await messenger.safetyCode(id, text === '' ? undefined : text);
  if (code === null) {
    throw new Problem(
      `There is no safety code with ${name} yet: it needs keys of a device of both, in an encrypted conversation.`,
    );
  }
  panel(`Safety code of you and ${name}`, codeLines(code, name));
}

function serverLines({ strategy, connections, servers }: BalancerView, here: string | null): readonly Line[] {
  const rows = servers.map(({ id, healthy, connections: own, stats }) => {
    const state = !healthy ? 'not healthy' : stats?.draining ? 'draining' : 'healthy';
    const load =
      stats === null ? '' : `, CPU ${Math.round(stats.cpuFraction * 100)} %, ${mebibytes(stats.rssBytes)} MiB`;
    const name = `  ${id === here ? '›' : ' '} ${printableLine(id)}`;
    return line(`${name}  ${own} connections, ${state}${load}`, id === here ? bold : undefined);
  });
  const head = `The balancer chooses by ${printableLine(strategy)}; ${connections} connections go through it.`;
  return [line(head), [], ...rows];
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

function codeLines(code: string, name: string): readonly Line[] {
  const groups = code.split(' ');
  const rows = Array.from({ length: Math.ceil(groups.length / 4) }, (_, i) => groups.slice(i * 4, i * 4 + 4).join(' '));
  return [
    [],
    ...rows.map((row) => line(`    ${row}`, bold)),
    [],
    line(`Let ${printableLine(name)} read theirs to you: by voice, or side by side.`),
    line('The same on both sides: nobody stands between you.'),
    line('Different: do not trust this conversation, and ask why.'),
  ];
}

function directWith({ messenger }: Desk, name: string): ConversationId | null {
  const isIt = ({ kind, title }: Conversation) => kind === 'direct' && title.toLowerCase() === name.toLowerCase();
  return messenger.conversations().find(isIt)?.id ?? null;
}

function commonBeginning([first = '', ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) {
    while (first.slice(0, length).toLowerCase() !== other.slice(0, length).toLowerCase()) length--;
  }
  return first.slice(0, length);
}
