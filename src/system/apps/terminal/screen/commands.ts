import { accountCommands } from './account-commands.ts';
import type { Command } from './desk.ts';
import type { Editor } from './editor.ts';
import { written } from './editor.ts';
import { imageCommands } from './image-commands.ts';
import { talkCommands } from './talk-commands.ts';
import { trustCommands } from './trust-commands.ts';

/** Everything that can be typed behind a slash, in the order of the help. */
export const commands: readonly Command[] = [
  ...talkCommands,
  ...trustCommands,
  ...imageCommands,
  ...accountCommands,
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

function commonBeginning([first = '', ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) {
    while (first.slice(0, length).toLowerCase() !== other.slice(0, length).toLowerCase()) length--;
  }
  return first.slice(0, length);
}
