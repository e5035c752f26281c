import type { Connected } from '../database/store.ts';
import type { Secrets, Socket, SocketHandlers } from '../ports.ts';
import type { CloseCode } from '../protocol/errors.ts';
import type { ClientFrame, OperationFrame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import type { EphemeralFrame } from './ephemeral/create-ephemeral.ts';
import { ephemeralOf } from './ephemeral/ephemeral.ts';
import { type Ground, logFailure } from './ground.ts';
import type { Quotas } from './quotas.ts';
import { readFrame } from './read-frame.ts';
import { type Directory, newSession, type Refusal, type Session, type SessionPort } from './session.ts';
import type { Stats } from './stats.ts';
import { frameText, pongText, refusedText } from './write-frame.ts';

/** The connections of a server: what comes in is read and handed on, what goes out is written and bounded. */
export interface Connections extends SessionPort {
  accept(socket: Socket): SocketHandlers;
  /** Closes those that say nothing, that are too slow, or that will not go. To be called often. */
  sweep(): void;
  /** Says `goAway`; new connections are turned away from now on. */
  goAway(): void;
}

/** Who does something with frames. */
interface FrameHooks {
  identified(session: Session): void;
  operation(session: Session, frame: OperationFrame, bytes: number): void;
  ack(session: Session, frame: Extract<ClientFrame, { type: 'ack' }>): void;
  ephemeral(session: Session, frame: EphemeralFrame): void;
  /** The session is over; it is in no room any more. */
  left(session: Session): void;
}

interface Parts {
  readonly directory: Directory;
  readonly secrets: Secrets;
  readonly quotas: Quotas;
  readonly stats: Stats;
  readonly hooks: FrameHooks;
}

export function createConnections(ground: Ground, { directory, secrets, quotas, stats, hooks }: Parts): Connections {
  const { clock, settings, random } = ground;
  const bufferMax = settings.sessionBufferBytesMax;
  let draining = false;

  return { accept, sweep, goAway, write, deliver, refuse, close };

  function accept(socket: Socket): SocketHandlers {
    const session = newSession(socket, clock.now());
    directory.connected(session);
    const fits = quotas.came(session);
    if (draining) close(session, 4003, 'The server is draining.');
    else if (!fits) close(session, 4012, 'This address has too many connections.');
    return {
      message: (text) => message(session, text),
      drained: () => drained(session),
      closed: () => {
        leave(session);
        directory.gone(session);
      },
    };
  }

  // --- in

  function message(session: Session, text: string): void {
    if (session.state === 'closed') return;
    session.heardAt = clock.now();
    try {
      if (text.length > limits.frameBytesMax) {
        close(session, 1009, 'The frame is too large.');
        return;
      }
      if (!quotas.frame(session, session.heardAt)) {
        close(session, 4004, 'Too many frames.');
        return;
      }
      const read = readFrame(text);
      if (read.kind === 'bad') misbehaved(session, read);
      else dispatch(session, read.frame, text.length);
    } catch (error) {
      logFailure(ground, 'A frame could not be handled.', error);
      close(session, 4011, 'The server failed inside.');
    }
  }

  function dispatch(session: Session, frame: ClientFrame, bytes: number): void {
    if ((frame.type === 'hello') !== (session.state === 'new')) {
      outOfOrder(session, frame);
      return;
    }
    if (frame.type === 'hello') void hello(session, frame);
    else if (frame.type === 'ping') write(session, pongText);
    else if (frame.type === 'ack') hooks.ack(session, frame);
    else if ('clientId' in frame) hooks.operation(session, frame, bytes);
    else hooks.ephemeral(session, frame);
  }

  async function hello(session: Session, frame: Extract<ClientFrame, { type: 'hello' }>): Promise<void> {
    session.state = 'greeting';
    session.lane = [];
    session.tokenDigest = secrets.digestToken(frame.token);
    if (frame.cursors !== undefined) session.claims = new Map(frame.cursors);
    session.ephemeral = ephemeralOf(frame);
    try {
      const who = await ground.reads.run(async () =>
        // One that is gone by now must not take the device over from the connection that came after it.
        isClosed(session) ? null : ground.store.beginConnection(session.tokenDigest, clock.wall()),
      );
      if (isClosed(session)) return;
      if (who === null) return close(session, 4001, 'The token is not valid.');
      if (isOneTooMany(who)) return close(session, 4012, 'This user has too many connections.');
      session.who = who;
      session.state = 'open';
      quotas.identified(session);
      const older = directory.identified(session, who);
      if (older !== null) close(older, 4009, 'A newer connection of this device took over.');
      write(session, welcomeText(session));
      hooks.identified(session);
    } catch (error) {
      logFailure(ground, 'A token could not be looked up.', error);
      refuse(session, { code: 'databaseDown' });
      close(session, 4011, 'The token could not be looked up.');
    }
  }

  /** One that takes over from an older one of its device is none more. */
  function isOneTooMany({ user, device }: Connected): boolean {
    const others = directory.ofUser(user);
    return others.length >= settings.connectionsPerUserMax && others.every(({ who }) => who!.device !== device);
  }

  function outOfOrder(session: Session, frame: ClientFrame): void {
    const detail = session.state === 'new' ? 'The first frame must be a `hello`.' : 'There was a `hello` before.';
    misbehaved(session, { code: 'outOfOrder', detail, clientId: 'clientId' in frame ? frame.clientId : undefined });
  }

  function misbehaved(session: Session, { code, detail, clientId }: Refusal): void {
    const now = session.heardAt;
    if (now - session.malformedSince >= 60_000) {
      session.malformedSince = now;
      session.malformed = 0;
    }
    refuse(session, { code, clientId, ...(detail !== undefined && { detail }) });
    if (++session.malformed > limits.malformedPerMinuteMax) close(session, 4004, 'Too many malformed frames.');
  }

  // --- out

  function write(session: Session, frame: string): void {
    if (session.state === 'closed') return;
    const { socket } = session;
    socket.send(frame);
    if (socket.bufferedBytes <= bufferMax) return;
    if (session.slowSince === 0) session.slowSince = clock.now();
    // Answers are not held back; a client that asks and never reads goes at once.
    if (socket.bufferedBytes > 2 * bufferMax) close(session, 4008, 'The reader is too slow.');
  }

  function deliver(session: Session, frame: string): void {
    stats.delivered(1);
    write(session, frame);
  }

  function refuse(session: Session, { code, clientId, detail, retryAfterMs }: Refusal): void {
    write(session, refusedText(code, { clientId, detail, retryAfterMs }));
  }

  function drained(session: Session): void {
    session.slowSince = 0;
    resumeReader(session);
  }

  function welcomeText({ who }: Session): string {
    const { server, heartbeatMs, ephemeralMembersMax } = settings;
    const { name: user, device } = who!;
    const inForce = { ...limits, sessionBufferBytesMax: bufferMax, ephemeralMembersMax };
    return frameText({ type: 'welcome', user, device, server, heartbeatMs: Math.ceil(heartbeatMs), limits: inForce });
  }

  // --- the end

  function close(session: Session, code: CloseCode, reason: string): void {
    if (session.state === 'closed') return;
    leave(session);
    session.closedAt = clock.now();
    session.socket.close(code, reason);
  }

  function leave(session: Session): void {
    if (session.state === 'closed') return;
    session.state = 'closed';
    quotas.left(session);
    directory.left(session);
    hooks.left(session);
    resumeReader(session);
  }

  function sweep(): void {
    const now = clock.now();
    for (const session of directory.all) {
      if (session.state === 'closed') terminateStuck(session, now);
      else if (session.state === 'new') {
        if (now - session.openedAt >= settings.helloMs) close(session, 4002, 'No hello came in time.');
      } else if (now - session.heardAt >= 2 * settings.heartbeatMs)
        close(session, 4002, 'No sign of life came in time.');
      else if (session.slowSince !== 0 && now - session.slowSince >= settings.slowReaderMs) stillSlow(session, now);
    }
  }

  function stillSlow(session: Session, now: number): void {
    if (session.socket.bufferedBytes > bufferMax) close(session, 4008, 'The reader was too slow for too long.');
    else session.slowSince = now;
  }

  /** A peer that is gone never finishes the closing handshake. */
  function terminateStuck(session: Session, now: number): void {
    if (now - session.closedAt < closeGraceMs) return;
    session.socket.terminate();
    directory.gone(session);
  }

  function goAway(): void {
    draining = true;
    for (const session of directory.all) {
      if (session.state !== 'open') continue;
      const reconnectAfterMs = Math.floor(random.next() * goAwaySpreadMs);
      write(session, frameText({ type: 'goAway', reconnectAfterMs }));
    }
  }
}

// ---

/** Time for the closing handshake before the connection is cut. */
const closeGraceMs = 10_000;
/** Clients sent away come back spread over this time. */
const goAwaySpreadMs = 2000;

function isClosed(session: Session): boolean {
  return session.state === 'closed';
}

function resumeReader(session: Session): void {
  const resume = session.drained;
  session.drained = null;
  resume?.();
}
