import type { Cancel, Ms, Socket, SocketHandlers } from '../ports.ts';
import type { ServerFrame } from '../protocol/frames.ts';
import { socketPath } from '../protocol/frames.ts';
import type { ServerId } from '../protocol/ids.ts';
import { backoffMs } from './backoff.ts';
import type { SessionHandlers, SessionSettings, SessionState, SessionWorld } from './contract.ts';
import { readServerFrame } from './server-frame.ts';

/** What a connection needs of the session that it serves. */
export interface ConnectionOwner {
  /** The first frame on a new socket. */
  hello(): string;
  /** Every frame but those that are about the connection itself: `welcome` is both. */
  frame(frame: ServerFrame): void;
  /** The client is about to close by itself: the last chance to say something. */
  leaving(): void;
  /** The socket is gone; what was on the wire is not answered any more. */
  down(): void;
}

/** Until a server names its own; a server that does not answer a dial is given up after twice this. */
const firstHeartbeatMs = 5000;
/** Share of a heartbeat after which silence is broken, so that a slow network does not make it too late. */
const pingAfter = 0.75;
/** Close codes after which dialling again cannot help: the token is not valid, another connection took over. */
const finalCodes: readonly number[] = [4001, 4009];

/**
 * One socket at a time, dialled again whenever it is lost. A class because a laboratory holds ten thousand of them in
 * one process: methods on a prototype cost nothing each.
 */
export class Connection {
  state: SessionState = 'offline';
  server: ServerId | null = null;
  /** The server asked to leave; what is sent now would be refused. */
  leaving = false;
  private link: Link | null = null;
  private readonly world: SessionWorld;
  private readonly settings: SessionSettings;
  private readonly handlers: SessionHandlers;
  private readonly owner: ConnectionOwner;
  private failures = 0;
  private heartbeatMs: Ms = firstHeartbeatMs;
  private heardAt: Ms = 0;
  private spokeAt: Ms = 0;
  private pingedAt: Ms = 0;
  /** Not before this moment, as the last `goAway` asked. */
  private returnAt: Ms = 0;
  private cancelBeat: Cancel | null = null;
  private cancelDial: Cancel | null = null;

  constructor(world: SessionWorld, settings: SessionSettings, handlers: SessionHandlers, owner: ConnectionOwner) {
    this.world = world;
    this.settings = settings;
    this.handlers = handlers;
    this.owner = owner;
  }

  get isUp(): boolean {
    return this.state === 'catchingUp' || this.state === 'online';
  }

  start(): void {
    if (this.state !== 'offline') return;
    this.failures = 0;
    this.enter('connecting');
    this.dial();
  }

  stop(): void {
    if (this.state === 'offline') return;
    this.hangUp('The client goes offline.');
    this.goOffline();
  }

  drop(): void {
    if (this.state === 'offline') return;
    this.cut(1006, 'The client cut the connection.');
    this.goOffline();
  }

  send(frame: string): void {
    this.spokeAt = this.world.clock.now();
    this.link?.socket?.send(frame);
  }

  /** Gives this socket up because of what the server sent, and dials again. */
  abandon(reason: string): void {
    this.world.log.write('warn', reason, { server: this.server, device: this.settings.device });
    this.link?.socket?.terminate();
    this.lost(1002, reason);
  }

  isLinkedTo(link: Link): boolean {
    return this.link === link;
  }

  // --- called by the link

  opened(): void {
    this.send(this.owner.hello());
  }

  received(text: string): void {
    this.heardAt = this.world.clock.now();
    const frame = readServerFrame(text);
    if (frame === null) {
      this.abandon(`The server sent something that is not a frame of the protocol: ${text.slice(0, 80)}`);
      return;
    }
    switch (frame.type) {
      case 'pong':
        return;
      case 'goAway':
        this.goAway(frame.reconnectAfterMs);
        return;
      case 'welcome':
        this.server = frame.server;
        this.enter('catchingUp');
        if (this.isUp) this.setHeartbeat(frame.heartbeatMs);
        break;
      case 'caughtUp':
        this.failures = 0;
        this.enter('online');
        break;
    }
    if (this.link) this.owner.frame(frame);
  }

  /** The socket is gone, whoever ended it. */
  lost(code: number, reason: string): void {
    if (this.state !== 'online') this.failures++;
    this.unlink(code, reason);
    if (this.state === 'offline') return;
    if (finalCodes.includes(code)) {
      this.world.log.write('warn', `The server ended the session for good: ${reason}`, { code });
      this.goOffline();
      return;
    }
    this.enter('connecting');
    this.dialLater();
  }

  // ---

  private enter(state: SessionState): void {
    if (this.state === state) return;
    this.state = state;
    this.handlers.state?.(state);
  }

  private goOffline(): void {
    this.cancelDial?.();
    this.cancelDial = null;
    this.returnAt = 0;
    this.enter('offline');
  }

  private dial(): void {
    this.cancelDial = null;
    const now = this.world.clock.now();
    this.heardAt = now;
    this.pingedAt = now;
    this.setHeartbeat(firstHeartbeatMs);
    const link = new Link(this);
    this.link = link;
    this.handlers.dialling?.(this.failures + 1);
    if (this.link !== link) return;
    link.socket = this.world.transport.open(socketPath, link);
  }

  private dialLater(): void {
    this.cancelDial?.();
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs } = this.settings;
    const askedMs = this.returnAt - this.world.clock.now();
    this.returnAt = 0;
    const delayMs =
      askedMs > 0 ? askedMs : backoffMs({ failures: this.failures, baseMs, maxMs, random: this.world.random });
    this.cancelDial = this.world.clock.after(delayMs, () => this.dial());
  }

  /** Stays to hear the answers that are under way, until the moment to be back. */
  private goAway(reconnectAfterMs: Ms): void {
    if (this.leaving) return;
    this.leaving = true;
    this.returnAt = this.world.clock.now() + reconnectAfterMs;
    this.cancelDial = this.world.clock.after(reconnectAfterMs, () => this.moveOn());
  }

  private moveOn(): void {
    this.hangUp('The server asked to leave.');
    if (this.state === 'offline') return;
    this.returnAt = 0;
    this.enter('connecting');
    this.dial();
  }

  private hangUp(reason: string): void {
    if (!this.link) return;
    if (this.isUp) this.owner.leaving();
    this.link.socket?.close(1000, reason);
    this.unlink(1000, reason);
  }

  private cut(code: number, reason: string): void {
    if (!this.link) return;
    this.link.socket?.terminate();
    this.unlink(code, reason);
  }

  private unlink(code: number, reason: string): void {
    this.link = null;
    this.server = null;
    this.leaving = false;
    this.cancelBeat?.();
    this.cancelBeat = null;
    this.owner.down();
    this.handlers.disconnected?.({ code, reason });
  }

  private setHeartbeat(heartbeatMs: Ms): void {
    this.heartbeatMs = heartbeatMs;
    this.cancelBeat?.();
    this.beatLater();
  }

  private beatLater(): void {
    const giveUpAt = this.heardAt + 2 * this.heartbeatMs;
    const nextAt = this.isUp ? Math.min(giveUpAt, this.pingAt()) : giveUpAt;
    // Never in no time: a delay that is lost to rounding would be waited for again and again.
    const delayMs = Math.max(1, nextAt - this.world.clock.now());
    this.cancelBeat = this.world.clock.after(delayMs, () => this.beat());
  }

  private beat(): void {
    const now = this.world.clock.now();
    if (now >= this.heardAt + 2 * this.heartbeatMs) {
      const silentMs = Math.round(now - this.heardAt);
      this.link?.socket?.terminate();
      this.lost(4002, `The server gave no sign of life for ${silentMs} ms.`);
      return;
    }
    if (this.isUp && now >= this.pingAt()) this.ping(now);
    this.beatLater();
  }

  /** When a ping is due: one's own silence must be broken, and a silent server must be asked. */
  private pingAt(): Ms {
    return Math.min(this.spokeAt, Math.max(this.heardAt, this.pingedAt)) + pingAfter * this.heartbeatMs;
  }

  private ping(now: Ms): void {
    this.pingedAt = now;
    this.send(pingFrame);
  }
}

const pingFrame = JSON.stringify({ type: 'ping' });

/** Ties one socket to the connection. A socket that was given up is heard no more. */
class Link implements SocketHandlers {
  socket: Socket | null = null;
  private readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  opened(): void {
    if (this.isCurrent()) this.connection.opened();
  }

  message(frame: string): void {
    if (this.isCurrent()) this.connection.received(frame);
  }

  closed(code: number, reason: string): void {
    if (this.isCurrent()) this.connection.lost(code, reason);
  }

  private isCurrent(): boolean {
    return this.connection.isLinkedTo(this);
  }
}
