import { errors } from '../protocol/errors.ts';
import type { AcceptedFrame, Entry, OperationFrame, RefusedFrame, ServerFrame } from '../protocol/frames.ts';
import type { ClientId, ConversationId, Seq, ServerId, UserName } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { type Asking, frameText, helloText, invocationOf, isTooLarge } from './asking.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import type {
  AskOptions,
  ChangeOptions,
  ClientSession,
  NewKeys,
  SessionHandlers,
  SessionSettings,
  SessionState,
  SessionWorld,
} from './contract.ts';
import { Ephemeral } from './ephemeral.ts';
import { Inbox } from './inbox.ts';
import { mayPass, Outbox } from './outbox.ts';
import { Retry } from './retry.ts';

export function createSession(
  world: SessionWorld,
  settings: SessionSettings,
  handlers: SessionHandlers,
): ClientSession {
  return new Session(world, settings, handlers);
}

// ---

/** A class for the same reason as `Connection`: thousands live in one process. What may stay empty is made when needed. */
class Session implements ClientSession, ConnectionOwner {
  readonly world: SessionWorld;
  private readonly settings: SessionSettings;
  readonly handlers: SessionHandlers;
  readonly connection: Connection;
  private me: UserName | null = null;
  private nextClientId: number;
  private outbox: Outbox | null = null;
  private onWireMax: number = limits.inFlightPerSessionMax;
  private retry: Retry | null = null;
  private inbox: Inbox | null = null;
  private news: Ephemeral | null = null;

  constructor(world: SessionWorld, settings: SessionSettings, handlers: SessionHandlers) {
    this.world = world;
    this.settings = settings;
    this.handlers = handlers;
    this.nextClientId = settings.nextClientId ?? 1;
    this.connection = new Connection(world, settings, handlers, this);
    if (settings.cursors) this.inbox = new Inbox(this, settings);
  }

  get state(): SessionState {
    return this.connection.state;
  }

  get server(): ServerId | null {
    return this.connection.server;
  }

  get pending(): number {
    return this.outbox?.size ?? 0;
  }

  cursor(conversation: ConversationId): Seq {
    return this.inbox?.cursor(conversation) ?? (0 as Seq);
  }

  told(conversation: ConversationId): Seq {
    return this.inbox?.told(conversation) ?? (0 as Seq);
  }

  stored(conversation: ConversationId, upTo: Seq): void {
    this.inbox?.confirm(conversation, upTo);
    this.inbox?.ackLater();
  }

  start(): void {
    this.connection.start();
  }

  stop(): void {
    this.connection.stop();
  }

  drop(): void {
    this.connection.drop();
  }

  send(conversation: ConversationId, payload: string, epoch = 0, options?: AskOptions): ClientId {
    return this.ask({ type: 'send', conversation, epoch, payload }, options);
  }

  openDirect(other: UserName, options?: ChangeOptions): ClientId {
    return this.ask({ type: 'openDirect', with: other }, options);
  }

  createGroup(title: string, users: readonly UserName[] = [], options?: ChangeOptions): ClientId {
    return this.ask({ type: 'createGroup', title, ...(users.length > 0 && { users: [...users] }) }, options);
  }

  invite(conversation: ConversationId, users: readonly UserName[], options?: ChangeOptions): ClientId {
    return this.ask({ type: 'invite', conversation, users: [...users] }, options);
  }

  remove(conversation: ConversationId, users: readonly UserName[], options?: ChangeOptions): ClientId {
    return this.ask({ type: 'remove', conversation, users: [...users] }, options);
  }

  leave(conversation: ConversationId, options?: AskOptions): ClientId {
    return this.ask({ type: 'leave', conversation }, options);
  }

  commit(conversation: ConversationId, keys: NewKeys, options?: AskOptions): ClientId {
    return this.ask({ type: 'commit', conversation, keys }, options);
  }

  read(conversation: ConversationId, upTo: Seq): void {
    this.ephemeral().read(conversation, upTo);
  }

  typing(conversation: ConversationId): void {
    this.ephemeral().typing(conversation);
  }

  watch(users: readonly UserName[]): void {
    this.ephemeral().watch(users);
  }

  // --- the connection's owner

  hello(): string {
    return helloText(this.settings, this.inbox?.cursors() ?? []);
  }

  frame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'message':
      case 'membership':
        this.entry(frame);
        return;
      case 'expired':
        this.known().expire(frame);
        return;
      case 'accepted':
        this.accepted(frame);
        return;
      case 'refused':
        this.refused(frame);
        return;
      case 'conversation':
        this.known().startAfter(frame.conversation, frame.after);
        this.handlers.conversation?.(frame);
        return;
      case 'welcome':
        this.me = frame.user;
        this.onWireMax = frame.limits.inFlightPerSessionMax ?? limits.inFlightPerSessionMax;
        this.handlers.welcome?.({ user: frame.user, device: frame.device, server: frame.server });
        this.pump();
        return;
      case 'caughtUp':
        this.handlers.caughtUp?.();
        this.news?.online();
        return;
      case 'goAway':
      case 'pong':
        return;
      default:
        this.ephemeral().heard(frame);
    }
  }

  leaving(): void {
    this.inbox?.sendAcks();
    this.news?.leaving();
  }

  down(): void {
    this.outbox?.rewind();
    this.news?.down();
    this.inbox?.cancelAcks();
    this.retry?.cancel();
  }

  private ephemeral(): Ephemeral {
    this.news ??= new Ephemeral(this.world, this.settings, this.handlers, this.connection);
    return this.news;
  }

  // --- operations

  /** The next id comes after all that were named, so that none is used twice. */
  private ask(asking: Asking, options: ChangeOptions = {}): ClientId {
    const clientId = options.clientId ?? (this.nextClientId as ClientId);
    this.nextClientId = Math.max(this.nextClientId, clientId + 1);
    if (this.outbox?.has(clientId)) return clientId;
    const asked = { ...asking, clientId, ...(options.keys && { keys: options.keys }) } as OperationFrame;
    const invocation = invocationOf(asked);
    const { conversation } = invocation;
    this.handlers.invoked?.(invocation);
    if (isTooLarge(asked)) {
      this.world.clock.after(0, () => this.handlers.refused?.({ clientId, code: 'tooLarge' }));
      return clientId;
    }
    this.outbox ??= new Outbox();
    this.outbox.add({ clientId, conversation, openDirect: asked.type === 'openDirect', frame: frameText(asked) });
    this.pump();
    return clientId;
  }

  /** Puts on the wire what may go; acknowledgements that are due travel along. */
  private pump(): void {
    const { connection, outbox } = this;
    if (!outbox) return;
    let sent = false;
    while (connection.isUp && !connection.leaving) {
      const operation = outbox.take(this.onWireMax);
      if (!operation) break;
      sent = true;
      connection.send(operation.frame);
      const { clientId, conversation, sentBefore: again } = operation;
      operation.sentBefore = true;
      this.handlers.sent?.({ clientId, conversation, again });
    }
    if (sent && connection.isUp) this.inbox?.sendAcks();
  }

  private accepted(frame: AcceptedFrame): void {
    const operation = this.outbox?.settle(frame.clientId);
    if (!operation) return;
    this.retry?.reset();
    this.known().ownAccepted(frame.conversation, frame.seq, operation.openDirect);
    this.tellAccepted(frame);
  }

  private tellAccepted({ clientId, conversation, seq, at }: AcceptedFrame | Entry): void {
    this.handlers.accepted?.({ clientId, conversation, seq, at });
    this.pump();
  }

  private refused({ clientId, code, detail, retryAfterMs }: RefusedFrame): void {
    if (clientId === undefined) {
      this.world.log.write('warn', `The server could not read a frame: ${errors[code].meaning}`, { code, detail });
      return;
    }
    if (mayPass(code)) {
      if (this.outbox?.postpone(clientId)) this.retryLater(retryAfterMs);
    } else if (this.outbox?.settle(clientId)) {
      this.handlers.refused?.({ clientId, code, ...(detail === undefined ? {} : { detail }) });
      this.pump();
    }
  }

  private retryLater(atLeastMs = 0): void {
    this.retry ??= new Retry(this.world, this.settings, () => {
      this.outbox?.resume();
      this.pump();
    });
    this.retry.later(atLeastMs);
  }

  // --- entries and acknowledgements

  private known(): Inbox {
    this.inbox ??= new Inbox(this, this.settings);
    return this.inbox;
  }

  private entry(entry: Entry): void {
    this.handlers.wire?.(entry);
    const { device } = this.settings;
    const arrival = this.known().arrive(entry, { device, user: this.me, catchingUp: this.state === 'catchingUp' });
    if (arrival === 'gap') return;
    this.news?.entry(entry);
    if (arrival === 'show') this.handlers.entry?.(entry);
    if (entry.device === device && this.outbox?.settle(entry.clientId)) this.tellAccepted(entry);
    if (arrival !== 'own') this.inbox?.ackLater();
  }
}
