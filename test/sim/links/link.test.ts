import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LinkBehaviour } from '../../../src/sim/links/behaviour.ts';
import { type Link, openLink } from '../../../src/sim/links/link.ts';
import { applyLinkFault, type LinkWorld } from '../../../src/sim/links/link-faults.ts';
import { type ProbeResult, probe } from '../../../src/sim/links/probe.ts';
import { questions, spreadMsMin, spreadOf } from '../../../src/sim/links/unevenness.ts';
import { createSeededRandom } from '../../../src/system/index.ts';
import { createSystemClock } from '../../../src/system/node.ts';

const host = '127.0.0.1';
let echo: Server;
let link: Link;
let atFarEnd: Socket[];
let nearEnds: Socket[];

beforeEach(async () => {
  atFarEnd = [];
  nearEnds = [];
  echo = createServer((socket) => {
    atFarEnd.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await once(echo.listen(0, host), 'listening');
  link = await openLink({ name: 'b1-s1', host, target: { host, port: portOf(echo) }, seed: 1 });
});
afterEach(() => {
  link.close();
  for (const socket of [...nearEnds, ...atFarEnd]) socket.destroy();
  echo.close();
});

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

async function dial(): Promise<Socket> {
  const socket = connect({ host, port: link.port });
  nearEnds.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** What has come back, once it is as long as what is waited for. */
async function hear(socket: Socket, length: number): Promise<string> {
  let heard = '';
  while (heard.length < length) heard += String((await once(socket, 'data'))[0]);
  return heard;
}

function closing(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

describe('the proof of an uneven link', () => {
  const fault = { kind: 'linkSlow', link: 'b1-s1', delayMs: 5, jitterMs: 40, bytesPerSec: null } as const;
  /** As the proxy carries out orders, or something else that is done instead. */
  const proved = (instead: (wanted: LinkBehaviour) => LinkBehaviour, jitterMs: number = fault.jitterMs) => {
    const links: LinkWorld['links'] = {
      ask: (_, withinMs) => probe({ host, port: link.port }, 's1', withinMs),
      set: async (_, behaviour) => {
        link.set(instead(behaviour));
        return link.connections;
      },
    };
    return applyLinkFault({ links, clock: createSystemClock() }, { ...fault, jitterMs });
  };

  it('says how far apart the answers were, and what jitter demands', async () => {
    expect(await proved((wanted) => wanted)).toMatchObject({
      effective: true,
      proof: expect.stringMatching(
        /is slow: 16 questions were answered after \d.* ms, half of them \S+ ms or more after the fastest \(\S+ ms before\); 40 ms of jitter demands at least 4.0 ms$/,
      ),
    });
  });

  it('is not had from answers that are all equally late', async () => {
    // So much of it that no busy machine passes for it: half of the answers would have to be 200 ms late.
    const even = await proved(() => ({ kind: 'slow', delayMs: 45, jitterMs: 0, bytesPerSec: null }), 2000);
    expect(even).toMatchObject({ effective: false, proof: expect.stringContaining('after the fastest') });
  });

  it('is refused to no seed of many, and not had from a machine that makes less than half of the answers late', () => {
    for (let seed = 0; seed < 2000; seed++) {
      const random = createSeededRandom(seed);
      const tookMs = Array.from({ length: questions }, () => 100 + 40 * (random.next() + random.next()));
      expect(spreadOf(tookMs.map(answered))).toBeGreaterThan(spreadMsMin(40));
    }
    const even = Array.from({ length: questions }, (_, index) => (index % 3 === 1 ? 180 : 100));
    expect(spreadOf(even.map(answered))).toBe(0);
    expect(spreadOf([...even.map(answered), { kind: 'silent' }])).toBeNull();
  });
});

function answered(tookMs: number): ProbeResult {
  return { kind: 'answered', tookMs };
}

describe('a link', () => {
  it('carries bytes both ways unchanged, and the end of a connection', async () => {
    const socket = await dial();
    const text = 'x'.repeat(300_000);
    socket.end(text);
    const [heard] = await Promise.all([hear(socket, text.length), once(socket, 'end')]);
    expect(heard).toBe(text);
  });

  it('delays each way when it is slow', async () => {
    const socket = await dial();
    link.set({ kind: 'slow', delayMs: 30, jitterMs: 0, bytesPerSec: null });
    const fromMs = performance.now();
    socket.write('hello');
    expect(await hear(socket, 5)).toBe('hello');
    expect(performance.now() - fromMs).toBeGreaterThanOrEqual(60);
  });

  it('holds everything while it is cut, new connections too, and loses nothing', async () => {
    const before = await dial();
    before.write('a');
    await hear(before, 1);
    link.set({ kind: 'cut' });
    before.write('bc');
    const meanwhile = await dial();
    meanwhile.write('new');
    expect(await probe({ host, port: link.port }, 's1', 50)).toEqual({ kind: 'silent' });
    expect(atFarEnd).toHaveLength(1);
    expect(before.bytesRead).toBe(1);
    link.set({ kind: 'open' });
    expect(await Promise.all([hear(before, 2), hear(meanwhile, 3)])).toEqual(['bc', 'new']);
  });

  it('loses its far end without a word when it is half open', async () => {
    const before = await dial();
    before.write('a');
    await hear(before, 1);
    const far = closing(atFarEnd[0]!);
    link.set({ kind: 'halfOpen' });
    await far;
    before.write('into the void');
    expect(await probe({ host, port: link.port }, 's1', 50)).toEqual({ kind: 'silent' });
    expect([before.readable, before.writable, before.bytesRead]).toEqual([true, true, 1]);
    link.set({ kind: 'open' });
    const after = await dial();
    after.write('b');
    expect(await hear(after, 1)).toBe('b');
  });

  it('resets also those that came while it had no far end', async () => {
    link.set({ kind: 'halfOpen' });
    const lost = await dial();
    lost.write('into the void');
    expect(await probe({ host, port: link.port }, 's1', 50)).toEqual({ kind: 'silent' });
    const broken = closing(lost);
    link.set({ kind: 'reset' });
    await broken;
    expect(lost.errored).toMatchObject({ code: 'ECONNRESET' });
  });

  it('resets what it carries and what comes', async () => {
    const before = await dial();
    before.write('a');
    await hear(before, 1);
    const broken = closing(before);
    link.set({ kind: 'reset' });
    await broken;
    expect(before.errored).toMatchObject({ code: 'ECONNRESET' });
    expect(await probe({ host, port: link.port }, 's1', 1000)).toMatchObject({ kind: 'broken' });
    expect(link.connections).toBe(0);
  });
});
