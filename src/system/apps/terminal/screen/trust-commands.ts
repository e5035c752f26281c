import { Problem } from '../../../problem.ts';
import type { Verification } from '../../shared/messenger.ts';
import { changedIn } from '../../shared/people.ts';
import { printableLine } from '../../shared/printable.ts';
import type { Line } from '../text/spans.ts';
import { bold, dim, line, warning } from '../text/spans.ts';
import { dayOf } from '../text/time.ts';
import type { Command, Desk } from './desk.ts';

/** Whether the others are who they say. */
export const trustCommands: readonly Command[] = [
  {
    name: 'verify',
    usage: '/verify [NAME]',
    what: 'the safety code, to be compared with the other',
    words: 0,
    run: verify,
  },
  {
    name: 'verified',
    usage: '/verified [NAME]',
    what: 'you compared it, and it was the same: remembers that',
    words: 0,
    async run(desk, text) {
      const { id } = desk.current();
      const name = otherOf(desk, text);
      const code = desk.codes.get(codeKey(id, name));
      if (code === undefined)
        throw new Problem(`Compare first: /verify${text === '' ? '' : ` ${text}`} shows the code.`);
      const { user, state } = await desk.messenger.markVerified(id, name, code);
      if (state === 'verified') desk.say(`${user} is verified.`);
      else desk.say(`${user} has another device, in another conversation: compare there too.`, true);
    },
  },
  {
    name: 'noted',
    usage: '/noted',
    what: 'puts the warning about new devices away',
    words: 0,
    async run({ messenger, chat, current, say }) {
      const changed = changedIn(chat.state, current());
      for (const { user } of changed) await messenger.acknowledgeChange(user);
      if (changed.length === 0) say('There is no warning here.');
    },
  },
  {
    name: 'forget',
    usage: '/forget [NAME]',
    what: 'as if you had never compared codes with them',
    words: 0,
    async run(desk, text) {
      const name = otherOf(desk, text);
      await desk.messenger.forgetVerified(name);
      desk.say(`${name} is not verified.`);
    },
  },
];

// ---

async function verify(desk: Desk, text: string): Promise<void> {
  const { messenger, panel, codes } = desk;
  const { id } = desk.current();
  const name = otherOf(desk, text);
  const code = await messenger.safetyCode(id, name);
  if (code === null) {
    throw new Problem(
      `There is no safety code with ${name} yet: it needs keys of a device of both, in an encrypted conversation.`,
    );
  }
  codes.set(codeKey(id, name), code);
  const how = `/verified${text === '' ? '' : ` ${text}`}`;
  panel(`Safety code of you and ${name}`, [...codeLines(code, name, how), [], stateLine(messenger.verification(name))]);
}

function otherOf({ current }: Desk, text: string): string {
  const { kind, title } = current();
  if (kind === 'group' && text === '') throw new Problem('Say with whom: name a member of the group.');
  return text === '' ? title : text;
}

function codeKey(conversation: number, name: string): string {
  return `${conversation} ${name.toLowerCase()}`;
}

function codeLines(code: string, name: string, how: string): readonly Line[] {
  const groups = code.split(' ');
  const rows = Array.from({ length: Math.ceil(groups.length / 4) }, (_, i) => groups.slice(i * 4, i * 4 + 4).join(' '));
  return [
    [],
    ...rows.map((row) => line(`    ${row}`, bold)),
    [],
    line(`Let ${printableLine(name)} read theirs to you: by voice, or side by side.`),
    line(`The same on both sides: nobody stands between you. ${printableLine(how)} remembers it.`),
    line('Different: do not trust this conversation, and ask why.'),
  ];
}

function stateLine({ state, at, newDevices }: Verification): Line {
  if (state === 'unverified') return line('Not compared yet.', dim);
  const when = `Compared on ${dayOf(at!)}`;
  if (state === 'verified') return line(`${when}; no other devices since.`, { color: 'green' });
  return line(`${when}; ${newDevices === 1 ? 'a new device' : `${newDevices} new devices`} since.`, warning);
}
