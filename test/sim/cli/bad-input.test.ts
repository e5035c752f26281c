import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commandLine } from '../../../src/sim/cli/command-line.ts';
import { explain } from '../../../src/sim/cli/explain.ts';
import { Problem } from '../../../src/sim/problem.ts';

const home = mkdtempSync(join(tmpdir(), 'bad-input-test-'));
const inHome = (name: string) => join(home, name);
afterAll(() => rmSync(home, { recursive: true }));

writeFileSync(inHome('file'), '');
writeFileSync(inHome('no.json'), '{"a":');
writeFileSync(inHome('other.json'), '{"a":1}');
writeFileSync(inHome('throws.ts'), "throw new Error('half written');");
for (const [folder, file, content] of [
  ['empty', 'note.txt', ''],
  ['newer-run', 'run.json', '{"schema":2}'],
  ['broken-run', 'run.json', '{'],
  ['wrong-run', 'run.json', '{"schema":1}'],
  ['newer-comparison', 'comparison.json', '{"schema":2}'],
  ['broken-comparison', 'comparison.json', '{'],
  ['wrong-comparison', 'comparison.json', '{"schema":1}'],
  ['unfinished-comparison', 'plan.json', '{}'],
  ['broken-plan', 'plan.json', 'x\ny'],
] as const) {
  mkdirSync(inHome(folder));
  writeFileSync(join(inHome(folder), file), content);
}

let said = '';
const status = process.exitCode;
beforeEach(() => {
  said = '';
  vi.spyOn(console, 'error').mockImplementation((text: string) => {
    said += `${text}\n`;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = status;
});

/** What is typed, and what must be in the answer besides one sentence and no stack. */
const typed: readonly (readonly [string, RegExp])[] = [
  ['rum steady-chat', /unknown command 'rum'[\s\S]*Did you mean run\?/],
  ['run', /missing required argument 'scenario'/],
  ['run steady-chat --strateg cpu', /unknown option '--strateg'[\s\S]*Did you mean --strategy\?/],
  ['run steady-caht', /no scenario "steady-caht"\. Did you mean "steady-chat"\? Known: .*server-crash/],
  ['run steady-chat --strategy cpuu', /no strategy "cpuu"\. Did you mean "cpu"\? Known: .*two-choices/],
  [
    'run steady-chat --backend virtul',
    /no backend "virtul"\. Did you mean "virtual"\? Known: processes, containers, virtual/,
  ],
  [
    `run steady-chat --set thresholds=["delivery.p99{server=s4}<1"]`,
    /no server \(threshold "delivery\.p99\{server=s4\}<1"\) "s4"\. Did you mean "s1"\? Known: s1, s2, s3/,
  ],
  [`run steady-chat --junit ${inHome('file')}/junit.xml`, /--junit \S+file\/junit\.xml cannot be written: E/],
  ['run steady-chat --users zero', /--users takes a whole number of at least 1, not "zero"/],
  ['run steady-chat --duration 5y', /"5y" is not a duration; write 500ms/],
  ['run steady-chat --set users', /"users" is not of the form path=value/],
  ['run steady-chat --set clustr.probeMs=4', /no field of a scenario "clustr"\. Did you mean "cluster"\?/],
  ['run steady-chat --set cluster.probMs=4', /no field of cluster "probMs"\. Did you mean "probeMs"\? Known: servers/],
  [
    'run steady-chat --set pace.perSecond=4',
    /no field of pace "perSecond"\. Did you mean "perSec"\? Known: kind, perSec/,
  ],
  ['run server-crash --set faults=[{"kind":"kill","at":{"ms":1},"servr":"s1"}]', /no field of faults\.0 "servr"/],
  [
    'run steady-chat --set cluster.server.heartbeatMss=5',
    /no server setting "heartbeatMss"\. The settings are: .*heartbeatMs/,
  ],
  ['run steady-chat --set cluster.server.heartbeatMs=-5', /"heartbeatMs" is -5; it must be a number of ms, at least 1/],
  [
    'run steady-chat --set thresholds=["delivery.p98<5"]',
    /names the metric "delivery\.p98", which does not exist; there are delivery\.p9/,
  ],
  ['run server-crash --set faults.0.server=s9', /no server "s9"\. .*Known: any, s1, s2, s3/],
  [
    'run steady-chat --set cluster.cores={"database":"0"}',
    /The backend processes cannot hold a server to cores, which steady-chat sets\. Able: containers/,
  ],
  [
    'run steady-chat --set cluster.servers=[{"memoryMiB":128}]',
    /The backend processes cannot hold a server to memoryMiB, which steady-chat sets\. Able: containers/,
  ],
  ['run ./nowhere.ts', /no scenario file .*nowhere\.ts/],
  [`run ${inHome('throws.ts')}`, /scenario file .*throws\.ts cannot be loaded: half written/],
  [
    `run steady-chat --backend virtual --reports ${inHome('file')}`,
    /folder of the run cannot be made: ENOTDIR.*: name another folder/,
  ],
  ['compare', /compare needs a scenario, for example: nawaab compare/],
  ['compare steady-chat', /names no strategies to compare; name at least two/],
  ['compare steady-chat --strategies cpu,cpux', /no strategy "cpux"/],
  ['compare strategy-comparison --baseline cpux', /no strategy to be the baseline "cpux"\. Did you mean "cpu"\?/],
  [`compare --resume ${inHome('empty')}`, /is not the folder of a comparison: it has no plan\.json/],
  [`compare --resume ${inHome('broken-plan')}`, /plan\.json is not JSON: /],
  ['list nonsense', /'nonsense' is invalid.*Allowed choices are scenarios, fields, strategies/],
  ['fuzz --path here', /--path takes numbers with colons between them/],
  [`replay ${inHome('nowhere.json')}`, /bundle .*nowhere\.json cannot be read \(ENOENT\)/],
  [`replay ${inHome('no.json')}`, /no\.json is not a bundle/],
  [`replay ${inHome('other.json')}`, /other\.json is not a bundle/],
  [`report ${inHome('nowhere')}`, /nowhere cannot be read/],
  [`report ${inHome('empty')}`, /is not the folder of a run: it has no run\.json/],
  [`report ${inHome('newer-run')}`, /was written by a newer version \(schema 2/],
  [`report ${inHome('broken-run')}`, /run\.json is not JSON/],
  [`report ${inHome('wrong-run')}`, /run\.json has a wrong shape/],
  [`report ${inHome('newer-comparison')}`, /was written by a newer version \(schema 2/],
  [`report ${inHome('broken-comparison')}`, /comparison\.json is not JSON/],
  [`report ${inHome('wrong-comparison')}`, /comparison\.json is no comparison: scenario/],
  [`report ${inHome('unfinished-comparison')}`, /was not finished: carry on with `npx nawaab compare --resume/],
  ['serve --strategy fast', /no strategy "fast"/],
  ['serve --port 65536', /--port takes a whole number from 1 to 65535, not "65536"/],
];

describe('bad input', () => {
  it.each(typed)('%s: one sentence and exit status 3', async (line, expected) => {
    expect(await commandLine(line.split(' '))).toBe(3);
    expect(said).toMatch(expected);
    expect(said).not.toMatch(/^ +at |defect/m);
    expect(said.trim().split('\n').length).toBeLessThanOrEqual(2);
  });

  it('leaves no folder of a run behind that could not begin', async () => {
    const reports = inHome('reports');
    expect(await commandLine(['run', 'steady-chat', '--reports', reports, '--set', 'users=0'])).toBe(3);
    expect(existsSync(reports)).toBe(false);
  });
});

describe('what a command throws', () => {
  it('is told with a remedy when the operating system can do no more, also from another thread', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    const errors = [
      full,
      new Error('history-0.bin is not complete: ENOSPC: no space left on device, write.'),
      new Error('the samples are not complete', { cause: full }),
    ];
    for (const error of errors) {
      const { status, text } = explain(error);
      expect(status).toBe(3);
      expect(text).toMatch(/^nawaab: .*[^.]\. The disk is full: make room, or name a folder on another disk\.$/);
    }
  });

  it('is told as it is when it was made for people, and with its stack when it is a defect', () => {
    expect(explain(new Problem('Do this.')).text).toBe('nawaab: Do this.');
    expect(explain(new TypeError('x is not a function')).text).toMatch(
      /defect of nawaab.*\n.*x is not a function\n +at /,
    );
    expect(explain('a string')).toEqual({ status: 3, text: expect.stringContaining('a string') });
  });
});

describe('the command', () => {
  const main = resolve(import.meta.dirname, '../../../src/sim/cli/main.ts');

  it('does its work to the end when nobody reads what it prints', { timeout: 30_000 }, async () => {
    const reports = inHome('unread');
    const line = `run steady-chat --backend virtual --users 2 --duration 1s --set warmupMs=0 --reports ${reports}`;
    const nawaab = spawn(process.execPath, [main, ...line.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'] });
    nawaab.stdout.destroy();
    let complaint = '';
    nawaab.stderr.on('data', (text) => {
      complaint += text;
    });
    await once(nawaab, 'close');
    expect(complaint).toBe('');
    expect(existsSync(join(reports, 'steady-chat', 'latest', 'report.html'))).toBe(true);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'whose output finds no room says so, and does not end as if all were well',
    async () => {
      const full = openSync('/dev/full', 'w');
      try {
        const nawaab = spawn(process.execPath, [main, 'list', 'scenarios'], { stdio: ['ignore', full, 'pipe'] });
        const ended = once(nawaab, 'close');
        expect(await text(nawaab.stderr!)).toMatch(/^nawaab: The output cannot be written: ENOSPC.*make room.*\n$/);
        expect(await ended).toEqual([3, null]);
      } finally {
        closeSync(full);
      }
    },
  );
});
