import type { Balancer, ErrorAnswer, Ms, ServerId } from '../../../system/index.ts';
import { costs } from './costs.ts';
import { type Packet, packetBytes } from './endpoint.ts';
import { createHop, type HopEnd, type LinkQuality } from './hop.ts';
import type { VirtualLink } from './virtual-link.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Where a server takes connections. */
export interface ServerDoor {
  readonly process: VirtualProcess;
  /** False while it starts, and when it is dead. */
  readonly listening: boolean;
  accept(end: HopEnd<Packet>, downstream: Downstream): void;
}

/** What waits at the next hop towards the user. */
export type Downstream = () => { readonly bytes: number; readonly waitMs: Ms };

export interface SpliceWorld {
  readonly time: VirtualTime;
  readonly process: VirtualProcess;
  readonly balancer: Balancer;
  door(server: ServerId): ServerDoor | null;
  quality(server: ServerId): LinkQuality;
  /** How faults disturb the way to it. */
  link(server: ServerId): VirtualLink;
}

/** How long a server may take to accept a connection, as for the real balancer. */
const connectMs: Ms = 2000;

/**
 * The balancer's part of a connection: one decision when it is opened, then every packet is handed on both ways. A server
 * that does not take the connection is passed over.
 */
export function splice(world: SpliceWorld, front: HopEnd<Packet>): void {
  const { process } = world;
  let back: HopEnd<Packet> | null = null;
  let begun = false;
  let userGone = false;

  front.listen({
    receive(packet) {
      if (!begun) {
        begun = true;
        process.execute(costs.route, () => route(packet, new Set()));
      } else process.execute(costs.forward, () => back?.send(packet, packetBytes(packet)));
    },
    ended: () =>
      process.execute(0, () => {
        userGone = true;
        front.finish();
        back?.finish();
      }),
  });

  function route(first: Packet, tried: Set<ServerId>): void {
    if (userGone || (first.kind !== 'open' && first.kind !== 'request')) return;
    const server = world.balancer.route({ remote: first.remote }, tried);
    if (server === null) {
      refuse(first);
      return;
    }
    const quality = world.quality(server);
    const fail = (): void => {
      world.balancer.failed(server);
      route(first, tried.add(server));
    };
    process.clock.after(quality.latencyMs() + quality.latencyMs(), () => {
      const link = world.link(server);
      if (link.vanished) process.clock.after(connectMs, fail);
      // Over a link that is cut or broken only time shows whether somebody is there.
      else if (link.passes && !world.door(server)?.listening) fail();
      else join({ server, quality, link, first });
    });
  }

  function join(way: { server: ServerId; quality: LinkQuality; link: VirtualLink; first: Packet }): void {
    const { server, quality, link, first } = way;
    world.balancer.opened(server);
    const hop = createHop<Packet>(world.time, { left: process, quality, link, made: reach });
    if (hop.made) reach();
    function reach(): void {
      const door = world.door(server);
      if (!door?.listening) {
        hop.right.cut();
        return;
      }
      hop.attach(door.process);
      door.accept(hop.right, () => ({ bytes: front.backlogBytes(), waitMs: front.backlogMs() }));
    }
    hop.left.listen({
      receive: (packet) => process.execute(costs.forward, () => front.send(packet, packetBytes(packet))),
      ended: () =>
        process.execute(0, () => {
          world.balancer.closed(server);
          hop.left.finish();
          front.finish();
        }),
    });
    back = hop.left;
    back.send(first, packetBytes(first));
    if (userGone) back.finish();
  }

  function refuse(first: Packet): void {
    if (first.kind === 'request') {
      const answer: ErrorAnswer = { code: 'busy', definite: true, detail: 'No server is healthy.' };
      const packet: Packet = { kind: 'response', response: { status: 503, body: JSON.stringify(answer) } };
      front.send(packet, packetBytes(packet));
    }
    front.finish();
  }
}
