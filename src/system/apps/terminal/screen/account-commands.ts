import { errors } from '../../../protocol/errors.ts';
import type { BalancerView } from '../../shared/messenger.ts';
import { printableLine } from '../../shared/printable.ts';
import type { Line } from '../text/spans.ts';
import { bold, line } from '../text/spans.ts';
import { stamp } from '../text/time.ts';
import type { Command, Desk } from './desk.ts';

/** The account, its devices, and the servers. */
export const accountCommands: readonly Command[] = [
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
  { name: 'password', usage: '/password', what: 'changes the password', words: 0, run: changePassword },
  { name: 'devices', usage: '/devices', what: 'where you are signed in', words: 0, run: listDevices },
  {
    name: 'signout',
    usage: '/signout [DEVICE]',
    what: 'signs out here, on another device by its number, or everywhere',
    words: 0,
    run: signOut,
  },
  {
    name: 'delete-account',
    usage: '/delete-account',
    what: 'deletes you for good',
    words: 0,
    run: deleteAccount,
  },
];

// ---

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

type Answer = Awaited<ReturnType<Desk['messenger']['signOut']>>;

async function changePassword({ messenger, ask, say }: Desk): Promise<void> {
  const old = await ask('The present password');
  const fresh = old === null ? null : await ask('The new password');
  if (old === null || fresh === null) return;
  if ((await ask('The new password again')) !== fresh) return say('These were not the same.', true);
  told(
    say,
    await messenger.changePassword({ old, new: fresh }),
    'The password is changed; other devices are signed out.',
  );
}

async function listDevices({ messenger, panel, say }: Desk): Promise<void> {
  const outcome = await messenger.devices();
  if (outcome.kind !== 'ok') return told(say, outcome, '');
  const rows = outcome.value.map(({ device, label, current, signedInAt }) =>
    line(`  ${device}  ${printableLine(label)}  since ${stamp(signedInAt)}${current ? '  this one' : ''}`),
  );
  panel('Where you are signed in', [
    ...rows,
    [],
    line('/signout NUMBER signs out there, /signout everywhere on all of them.'),
  ]);
}

async function signOut({ messenger, say, quit }: Desk, text: string): Promise<void> {
  if (text === '' || text === 'everywhere') {
    const outcome = await (text === '' ? messenger.signOut() : messenger.signOutEverywhere());
    if (outcome.kind === 'ok') quit();
    return told(say, outcome, 'Signed out.');
  }
  const devices = await messenger.devices();
  if (devices.kind !== 'ok') return told(say, devices, '');
  const found = devices.value.find(({ device }) => String(device) === text);
  if (!found) return say(`There is no device ${text}; /devices lists them.`, true);
  told(say, await messenger.signOutDevice(found.device), `Signed out on ${found.label}.`);
}

async function deleteAccount({ messenger, ask, say, quit }: Desk): Promise<void> {
  const password = await ask(
    'This is for good: you leave all groups, and nobody gets your name again. Your password, or Esc',
  );
  if (password === null) return;
  const outcome = await messenger.deleteAccount(password);
  if (outcome.kind === 'ok') quit();
  told(say, outcome, 'Deleted.');
}

function told(say: Desk['say'], outcome: Answer, done: string): void {
  if (outcome.kind === 'ok') say(done);
  else if (outcome.kind === 'refused' && outcome.code === 'wrongPassword') say('That is not your password.', true);
  else if (outcome.kind === 'unknown') say(`No answer, so it may or may not be done: ${outcome.reason}`, true);
  else say(`Not done: ${outcome.detail ?? errors[outcome.code].meaning}`, true);
}
