import type { ComponentSample } from '../../../metrics/index.ts';
import {
  type ChatServer,
  type Clock,
  createServer,
  type HttpResponse,
  type Ms,
  type Random,
  type ServerId,
  type ServerSettings,
  type ServerWorld,
  socketPath,
  type Vitals,
} from '../../../system/index.ts';
import { costs } from './costs.ts';
import { createEndpoint, type Endpoint, type Packet, packetBytes } from './endpoint.ts';
import type { HopEnd } from './hop.ts';
import { inOnePiece } from './one-piece.ts';
import type { Downstream, ServerDoor } from './splice.ts';
import { createProcess, type VirtualProcess } from './virtual-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import { createVirtualVitals } from './virtual-vitals.ts';

export interface ServerNodeOrder {
  readonly time: VirtualTime;
  readonly settings: ServerSettings;
  /** Share of the core that it has when nothing disturbs it. */
  readonly cpuShare: number;
  /** From the program's start to the first connection. */
  readonly bootMs: Ms;
  readonly random: Random;
  /** The ports of one life of the server. */
  world(process: VirtualProcess, random: Random): Pick<ServerWorld, 'store' | 'bus' | 'secrets' | 'log'>;
}

/** A server and the machine that it runs on; the machine outlives it. */
export interface ServerNode {
  readonly id: ServerId;
  /** Null when no server runs. */
  readonly door: ServerDoor | null;
  readonly connections: number;
  /** A fresh server on the same store; resolves when it takes connections, rejects when it is killed before. */
  start(): Promise<void>;
  kill(): void;
  /** Lets the server end by itself; resolves when its process is gone. */
  drain(): Promise<void>;
  pause(): void;
  resume(): void;
  setCpuShare(cpuShare: number): void;
  /** Asks the server for its statistics, as a job on its core; never answers when there is none. */
  probe(): Promise<ReturnType<ChatServer['stats']>>;
  sample(): ComponentSample | null;
}

/** One life of a server, from start to kill. */
interface Life {
  readonly process: VirtualProcess;
  readonly server: ChatServer;
  readonly vitals: Vitals;
  connections: number;
  listening: boolean;
  /** Frames about presence up to the last sample. */
  presence: { readonly tMs: Ms; readonly frames: number };
}

export function createServerNode(order: ServerNodeOrder): ServerNode {
  const { time, settings } = order;
  const id = settings.server;
  let life: Life | null = null;
  let lives = 0;

  function begin(): Life {
    const process = createProcess(time, id);
    process.setCpuShare(order.cpuShare);
    const random = order.random.fork(`life:${++lives}`);
    const reading = createVirtualVitals(process, () => begun.connections);
    const vitals = createVirtualVitals(process, () => begun.connections);
    const world = { clock: process.clock, random, vitals, ...order.world(process, random) };
    const begun: Life = {
      process,
      server: createServer(world, settings),
      vitals: reading,
      connections: 0,
      listening: false,
      presence: { tMs: time.clock.now(), frames: 0 },
    };
    return begun;
  }

  async function start(): Promise<void> {
    if (life) return;
    const begun = begin();
    life = begun;
    await whileAlive(begun.process, async () => {
      await passes(begun.process.clock, order.bootMs);
      await begun.server.start();
    });
    begun.listening = true;
  }

  function kill(): void {
    life?.process.kill();
    life = null;
  }

  return {
    id,
    get door() {
      return life && doorOf(life);
    },
    get connections() {
      return life?.connections ?? 0;
    },
    start,
    kill,
    async drain() {
      const draining = life;
      if (!draining) return;
      await whileAlive(draining.process, draining.server.drain).catch(() => undefined);
      if (life === draining) kill();
    },
    pause: () => life?.process.pause(),
    resume() {
      life?.process.setCpuShare(order.cpuShare);
      life?.process.resume();
    },
    setCpuShare: (cpuShare) => life?.process.setCpuShare(cpuShare),
    probe: () =>
      new Promise((resolve) => {
        const asked = life;
        if (asked?.listening) asked.process.execute(costs.probe, () => resolve(asked.server.stats()));
      }),
    sample: () => life && sampleOf(id, { life, nowMs: time.clock.now() }),
  };
}

// ---

/** `work`, or a rejection at the moment the process dies: a dead process settles nothing. */
function whileAlive<T>(process: VirtualProcess, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = process.onDeath(() => reject(new Error(`${process.name} was killed.`)));
    work().then(resolve, reject).finally(forget);
  });
}

function passes(clock: Clock, delayMs: Ms): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}

function doorOf(life: Life): ServerDoor {
  return {
    process: life.process,
    listening: life.listening,
    accept: (end, downstream) => take(life, { end, downstream }),
  };
}

/** The first packet says what the connection is for. */
function take(life: Life, { end, downstream }: { end: HopEnd<Packet>; downstream: Downstream }): void {
  const { process } = life;
  let endpoint: Endpoint | null = null;
  life.connections++;
  end.listen({
    receive(packet) {
      if (packet.kind === 'request') return answer(life, end, packet);
      if (packet.kind !== 'open') return endpoint ? endpoint.receive(packet) : later(() => endpoint?.receive(packet));
      process.execute(costs.accept, () => {
        endpoint = openEndpoint(life, { end, downstream, packet });
      });
    },
    ended() {
      life.connections--;
      later(() => (endpoint ? endpoint.ended() : end.finish()));
    },
  });
  function later(run: () => void): void {
    process.execute(0, run);
  }
}

function openEndpoint(
  life: Life,
  open: { end: HopEnd<Packet>; downstream: Downstream; packet: Extract<Packet, { kind: 'open' }> },
): Endpoint | null {
  const { end, downstream, packet } = open;
  if (packet.path !== socketPath) {
    end.finish();
    return null;
  }
  const opened: Packet = { kind: 'opened' };
  end.send(opened, packetBytes(opened));
  const endpoint = createEndpoint({
    process: life.process,
    end,
    remote: packet.remote,
    handlers: () => handlers,
    frameIn: costs.frameIn,
    frameOut: costs.frameOut,
    downstream,
  });
  const handlers = life.server.accept(endpoint.socket);
  return endpoint;
}

function answer(life: Life, end: HopEnd<Packet>, packet: Extract<Packet, { kind: 'request' }>): void {
  life.process.execute(costs.http, () => {
    const reply = (response: HttpResponse): void => {
      const packet: Packet = { kind: 'response', response };
      end.send(packet, packetBytes(packet));
      end.finish();
    };
    void life.server.http({ ...packet.request, remote: packet.remote }).then((response) => {
      if (response.bytes === undefined) return reply(response);
      // Bytes that end early, as they do for one who is removed meanwhile: the connection ends without an answer.
      return inOnePiece(response).then(reply, () => end.finish());
    });
  });
}

function sampleOf(id: ServerId, { life, nowMs }: { life: Life; nowMs: Ms }): ComponentSample {
  const vitals = life.vitals.sample();
  const stats = life.server.stats();
  const { tMs, frames } = life.presence;
  life.presence = { tMs: nowMs, frames: stats.presenceDeliveredTotal };
  return {
    tMs: nowMs,
    name: id,
    role: 'server',
    cpuFraction: vitals.cpuFraction,
    cpuMicros: vitals.cpuMicros,
    rssBytes: vitals.rssBytes,
    eventLoopP99Ms: vitals.eventLoopP99Ms,
    sessions: stats.sessions,
    acceptedPerSec: stats.acceptedPerSec,
    deliveredPerSec: stats.deliveredPerSec,
    presencePerSec: nowMs > tMs ? (1000 * (stats.presenceDeliveredTotal - frames)) / (nowMs - tMs) : null,
    inFlight: stats.inFlight,
  };
}
