import { spawn as spawnProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { createCanvas } from '@napi-rs/canvas';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listDevices, signIn, signOutEverywhere } from '../../../../src/system/client/account.ts';
import { createLog, createWsTransport, type LocalCluster, startLocalCluster } from '../../../../src/system/node.ts';
import { startTlsFront } from '../../../helpers/certificates.ts';
import { loadPty, openTerminal, type Terminal } from '../../../helpers/pty.ts';

const program = resolve(import.meta.dirname, '../../../../bin/nawaab.js');
const password = 'correct horse';
const pty = await loadPty();
if ('missing' in pty) console.warn(`No pseudo-terminals here, so the tests of the screen are skipped: ${pty.missing}`);

let home: string;
let cluster: LocalCluster;
const open: Terminal[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'terminal-test-'));
  // PostgreSQL runs as somebody else and must enter.
  chmodSync(home, 0o755);
  cluster = await startLocalCluster({
    servers: 2,
    database: { kind: 'embedded', directory: join(home, 'database'), persistent: false },
    logDirectory: join(home, 'logs'),
    hashCost: { memoryKiB: 8, passes: 1 },
    log: createLog({ component: 'test', destination: { write: () => {} } }),
  });
}, 60_000);
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.kill('SIGKILL');
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(home, { recursive: true, force: true });
});

function args(user: string, ...more: readonly string[]): readonly string[] {
  const data = join(home, 'data');
  return [program, 'chat', '--origin', cluster.endpoints[0]!, '--data', data, '--user', user, ...more];
}

/** Somebody at a terminal; signed up if need be. */
function sit(user: string, more: readonly string[] = [], variables: Readonly<Record<string, string>> = {}): Terminal {
  if ('missing' in pty) throw new Error(pty.missing);
  const env = { NAWAAB_PASSWORD: password, ...variables };
  const terminal = openTerminal(pty.spawn, { command: process.execPath, args: args(user, '--sign-up', ...more), env });
  open.push(terminal);
  return terminal;
}

/** The code of the open conversation, once both have keys; a device that has just come needs a moment. */
async function safetyCode(terminal: Terminal): Promise<string> {
  for (;;) {
    terminal.type('/verify\r');
    await terminal.shows(/There is no safety code|(?:\d{5} ){3}/);
    const code = terminal.screen.text.match(/\d{5}/g);
    if (code?.length === 12) {
      terminal.type('\r');
      await terminal.shows((screen) => !screen.text.includes('Safety code'));
      return code.join(' ');
    }
    terminal.type('x\u007f');
    await terminal.shows((screen) => !screen.text.includes('There is no safety code'));
  }
}

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** The program in pipes, until it ends by itself. */
async function pipe(input: string, user: string, ...more: readonly string[]): Promise<Ran> {
  const env = { ...process.env, NAWAAB_PASSWORD: password };
  const child = spawnProcess(process.execPath, args(user, '--sign-up', ...more), { env });
  child.stdin.end(input);
  const status = new Promise<number | null>((done) => child.on('close', done));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await status, out, err };
}

describe.skipIf('missing' in pty)('nawaab chat at a terminal', { timeout: 90_000 }, () => {
  it('takes two people from nothing to a conversation, and gives the terminal back as it was', async () => {
    const ada = openTerminal((pty as Extract<typeof pty, { spawn: unknown }>).spawn, {
      command: process.execPath,
      args: args('ada'),
    });
    open.push(ada);
    await ada.shows('Is ada new here? [y/n]');
    // Typed ahead: no key is lost or echoed between the questions.
    ada.type(`y\r${password}\r${password}\r`);
    const bob = sit('bob');
    await ada.shows('● online');
    await bob.shows('● online');
    expect(ada.written).not.toContain(password);
    ada.type('/chat bob\r');
    await ada.shows('you began this conversation');
    await ada.shows('end-to-end encrypted');
    await ada.shows(/● online {2}s[12] by least-connections$/m);
    const code = await safetyCode(ada);
    ada.type('Hello Bob\r');
    await bob.shows(/ada +1 │/);
    bob.type('\r');
    await bob.shows('Hello Bob');
    await ada.shows('Hello Bob ✓✓ read');
    bob.type('Hello ');
    await ada.shows('bob is typing …');
    bob.type('Ada\r');
    await ada.shows(/bob +Hello Ada/);

    expect(await safetyCode(bob)).toBe(code);

    ada.resize(36, 10);
    await ada.shows(
      ({ lines, text, cursor }) =>
        lines[0]!.length <= 36 && text.includes('bob: Hello Ada') && cursor.x === 2 && cursor.isVisible,
    );
    ada.type('\u0003');
    expect(await ada.exited).toMatchObject({ exitCode: 0 });
    bob.kill('SIGTERM');
    expect(await bob.exited).toMatchObject({ exitCode: 143 });
    for (const { screen } of [ada, bob]) expect([...screen.modes], 'only the cursor is on').toEqual([25]);
    for (const { screen } of [ada, bob]) expect(screen.unknown).toEqual([]);
    expect(statSync(join(home, 'data')).mode & 0o777).toBe(0o700);
  });

  it('is stopped by Ctrl-Z, and goes on where it was', async () => {
    const shell = openTerminal((pty as Extract<typeof pty, { spawn: unknown }>).spawn, {
      command: '/bin/sh',
      args: ['-i'],
      env: { NAWAAB_PASSWORD: password, PS1: 'shell> ' },
    });
    open.push(shell);
    await shell.shows('shell>');
    shell.type(`${[process.execPath, ...args('hal', '--sign-up')].map((each) => `'${each}'`).join(' ')}\r`);
    await shell.shows('● online');
    shell.type('/cha\u001a');
    await shell.shows((screen) => !screen.isAlternate && /Stopped|Suspended/i.test(screen.text));
    shell.type('fg\r');
    await shell.shows(
      (screen) => screen.isAlternate && screen.text.includes('/cha') && screen.text.includes('● online'),
    );
    shell.type('\u0003');
    await shell.shows((screen) => !screen.isAlternate);
    shell.type('exit\r');
    await shell.exited;
  });

  it('leaves nothing behind when it is told to end at a question, and draws nothing where there is no screen', async () => {
    const { spawn } = pty as Extract<typeof pty, { spawn: unknown }>;
    const asked = openTerminal(spawn, { command: process.execPath, args: args('tipo') });
    // What opens pseudo-terminals sets TERM itself.
    const dumb = openTerminal(spawn, { command: 'env', args: ['TERM=dumb', process.execPath, ...args('dan')] });
    open.push(asked, dumb);
    await asked.shows('Is tipo new here? [y/n]');
    asked.kill('SIGTERM');
    expect(await asked.exited).toMatchObject({ exitCode: 143 });
    expect(readdirSync(join(home, 'data')).filter((file) => file.startsWith('tipo'))).toEqual([]);
    expect(await dumb.exited).toMatchObject({ exitCode: 3 });
    expect(dumb.written).toMatch(/^nawaab: This terminal \(TERM=dumb\) has no screen/);
  });

  it('gives the terminal back when it crashes, and then says what happened', async () => {
    const crash = "process.on('SIGUSR2', () => { throw new Error('the roof fell in') })";
    const terminal = sit('gus', [], { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)}` });
    await terminal.shows('● online');
    terminal.kill('SIGUSR2');
    expect(await terminal.exited).toMatchObject({ exitCode: 3 });
    expect([...terminal.screen.modes], 'only the cursor is on').toEqual([25]);
    expect(terminal.screen.text).toContain('the roof fell in');
    expect(terminal.screen.text).not.toContain('Conversations');
  });

  it('shuts out who is removed from a group, and says so', async () => {
    const [eve, fay] = [sit('eve'), sit('fay')];
    await fay.shows('● online');
    await eve.shows('● online');
    eve.type('/group Secrets: fay\r');
    await eve.shows('Secrets  2 members, admin you');
    await fay.shows('#Secrets');
    fay.type('\r');
    await fay.shows('eve made this group with you');
    eve.type('/remove fay\r');
    await fay.shows('eve removed you');
    await fay.shows('you are not in it any more');
    eve.type('they are gone\r');
    await eve.shows('they are gone ✓');
    fay.type('let me in\r');
    await fay.shows('not sent: ');
    expect(fay.screen.text).not.toContain('they are gone');
  });

  it('goes on when the server under it is killed, and loses nothing when it is killed itself', async () => {
    const ida = sit('ida', ['--to', 'joe']);
    const joe = sit('joe');
    await joe.shows('● online');
    await ida.shows('● online');
    // Joe may not have been there yet when it was asked for first.
    ida.type('/chat joe\r');
    await ida.shows('you began this conversation');
    await safetyCode(ida);
    // It was asked for twice, and both may have been on their way.
    await ida.shows(/● online {2}/);
    await Promise.all(cluster.servers.map(({ name }) => cluster.kill(name)));
    ida.type('one\rtwo\rthree\r');
    await ida.shows(/○ [^\n●]*, 3 waiting to be sent/);
    ida.kill('SIGKILL');
    await ida.exited;

    const again = sit('ida', ['--to', 'joe']);
    await again.shows(/3 waiting to be sent[\s\S]*you {2}three …/);
    await Promise.all(cluster.servers.map(({ name }) => cluster.start(name)));
    await again.shows(/● online[\s\S]*you {2}three ✓/, 40_000);
    await joe.shows(/ida +3 │/);
    joe.type('\r');
    await joe.shows(/ida +one\n.*ida +two\n.*ida +three\n/);
  });
});

describe('nawaab chat in pipes', { timeout: 90_000 }, () => {
  it('sends standard input as one message, or each line, and prints what comes without control characters', async () => {
    expect(await pipe('hi', 'leo', '--to', 'kim')).toMatchObject({ status: 1, out: '' });
    expect(await pipe('', 'kim', '--to', 'leo')).toMatchObject({ status: 3, out: '' });
    const evil = 'first \u001b[2Jline\nsecond \u202eline\n';
    expect(await pipe(evil, 'leo', '--to', 'kim')).toEqual({ status: 0, out: '', err: '' });
    const lines = await pipe('one\n\ntwo\n', 'leo', '--to', 'kim', '--lines', '--json');
    expect(
      lines.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { type: 'sent', seq: 3 },
      { type: 'sent', seq: 4 },
    ]);

    const [seen] = await followed(4, '--to', 'leo');
    expect(seen).toEqual([
      expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d leo: first ␛\[2Jline$/),
      '    second line',
      expect.stringMatching(/ leo: one$/),
      expect.stringMatching(/ leo: two$/),
    ]);
    await pipe(evil, 'leo', '--to', 'kim');
    const [json, status] = await followed(1, '--json');
    expect(json.map((line) => JSON.parse(line))).toMatchObject([
      { type: 'item', title: 'leo', sender: 'leo', content: { kind: 'text', text: evil.trimEnd() } },
    ]);
    expect(json[0]).toMatch(/^[\x20-\x7e]*$/);
    expect(status).toBe(0);

    const bytes = await createCanvas(30, 20).encode('png');
    writeFileSync(join(home, 'leo.png'), bytes);
    const sending = ['--to', 'kim', '--image', join(home, 'leo.png'), '--caption', 'This is Leo'];
    expect(await pipe('', 'leo', ...sending)).toMatchObject({ status: 0, err: '' });
    const [[line]] = await followed(1, '--json', '--images', home);
    const { content, file } = JSON.parse(line!);
    expect(content).toEqual({
      kind: 'image',
      image: { type: 'image/png', width: 30, height: 20, bytes: bytes.length },
      caption: 'This is Leo',
    });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('keeps what was not answered in time, and sends it once when it is run again', async () => {
    expect(await pipe('', 'kim', '--to', 'lou')).toMatchObject({ status: 1 });
    expect(await pipe('zero', 'lou', '--to', 'kim')).toMatchObject({ status: 0 });
    const halt = (signal: NodeJS.Signals) => {
      for (const { pid } of cluster.servers) process.kill(pid!, signal);
    };
    halt('SIGSTOP');
    const late = await pipe('one', 'lou', '--to', 'kim', '--timeout', '1s').finally(() => halt('SIGCONT'));
    expect(late).toMatchObject({ status: 2, out: '', err: expect.stringMatching(/^nawaab: Not answered in time/) });
    expect(await pipe('two', 'lou', '--to', 'kim')).toEqual({ status: 0, out: '', err: '' });
    const [lines] = await followed(4, '--to', 'lou');
    expect(lines.slice(1).map((line) => line.split(' lou: ')[1])).toEqual(['zero', 'one', 'two']);
  });

  it('ends at once, with the reason, when the device was signed out', async () => {
    const following = pipe('', 'pia', '--follow');
    const transport = createWsTransport({ origin: cluster.endpoints[0]! });
    let token = '';
    const enter = async () => {
      const entered = await signIn(transport, { name: 'pia', password, device: 'elsewhere' });
      if (entered.kind === 'ok') token = entered.value.token;
      return token;
    };
    await expect.poll(enter, { timeout: 10_000, interval: 300 }).not.toBe('');
    const labels = async () => {
      const listed = await listDevices(transport, token);
      return listed.kind === 'ok' ? listed.value.devices.map(({ label }) => label) : [];
    };
    await expect.poll(labels, { timeout: 10_000 }).toContainEqual(expect.stringMatching(/^terminal/));
    await signOutEverywhere(transport, token);
    expect(await following).toEqual({
      status: 3,
      out: '',
      err: 'nawaab: The sign-in has ended: run it again with the password; what waits is kept.\n',
    });
  });

  it('leaves nothing behind when somebody could not be made or was mistyped', async () => {
    writeFileSync(join(home, 'short'), 'short\n');
    const refused = await pipe('x', 'una', '--to', 'kim', '--password-file', join(home, 'short'));
    expect(refused).toMatchObject({ status: 3, out: '' });
    await pipe('', 'vic');
    const elsewhere = ['--data', join(home, 'elsewhere'), '--password-file', join(home, 'wrong')];
    writeFileSync(join(home, 'wrong'), 'a password of nobody\n');
    expect(await pipe('x', 'vic', ...elsewhere)).toMatchObject({ status: 3, out: '' });
    expect(readdirSync(join(home, 'data')).filter((file) => file.startsWith('una'))).toEqual([]);
    expect(readdirSync(join(home, 'elsewhere'))).toEqual([]);
  });

  it('says in one sentence what is missing', async () => {
    const front = await startTlsFront(Number(new URL(cluster.endpoints[0]!).port));
    const [unsaid, unknown, nobody, misnamed, bare, unreachable, untrusted] = await Promise.all([
      pipe('x', 'max'),
      pipe('x', 'mia', '--group', 'Ops'),
      pipe('x', 'moe', '--to', 'nobody-there'),
      pipe('x', 'no/name'),
      pipe('x', 'mel', '--to', 'max', '--caption', 'below what?'),
      pipe('x', 'ned', '--origin', 'http://127.0.0.1:1'),
      pipe('x', 'nia', '--origin', front.origin),
    ]).finally(front.stop);
    expect(unsaid).toMatchObject({ status: 3, err: 'nawaab: Say to whom: --to NAME, or --group TITLE.\n' });
    expect(unknown.err).toBe('nawaab: There is no group "Ops" here; there is none.\n');
    expect(nobody).toMatchObject({ status: 1, err: expect.stringContaining('There is no user nobody-there') });
    expect(misnamed.err).toContain('"no/name" is not a name');
    expect(bare).toMatchObject({ status: 3, err: expect.stringContaining('name its file with --image') });
    expect(untrusted).toMatchObject({
      status: 3,
      err: expect.stringMatching(/^nawaab: https:\S+ cannot be trusted \(self-signed .*NODE_EXTRA_CA_CERTS\.\n$/),
    });
    expect(unreachable).toMatchObject({ status: 3, err: expect.stringContaining('start it with `nawaab serve`') });
  });
});

/** What kim is printed, until there are so many lines; then it is told to end. */
async function followed(count: number, ...more: readonly string[]): Promise<[readonly string[], number | null]> {
  const child = spawnProcess(process.execPath, args('kim', '--follow', ...more), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
    if (out.split('\n').length > count) child.kill('SIGINT');
  });
  const status = await new Promise<number | null>((done) => child.on('close', done));
  return [out.trimEnd().split('\n'), status];
}
