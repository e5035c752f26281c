/** Turns what a session tells into the history of a run, and into latencies and counts. */
import type { EventKind, EventOp, HistorySink, OperationName } from '../../metrics/index.ts';
import {
  type Clock,
  type ConversationFrame,
  type Entry,
  errors,
  type Invocation,
  type SessionHandlers,
  type SessionState,
} from '../../system/index.ts';
import type { UserObserver } from './observer.ts';
import { readPayload } from './payload.ts';

export interface RecordOrder {
  /** Index of the user in the run. */
  readonly actor: number;
  /** Index of the user of this name; -1 for a stranger. */
  readonly actorOf: (name: string) => number;
  readonly clock: Clock;
  /** What `clock` showed at the start of the run. */
  readonly startMs: number;
  readonly sink: HistorySink;
  readonly latency?: LatencySink;
  readonly counts?: CountSink;
  readonly observer?: UserObserver;
}

export interface LatencySink {
  record(latency: {
    readonly operation: OperationName;
    /** Milliseconds since the start of the run. */
    readonly intendedMs: number;
    readonly latencyMs: number;
    /** The server that the user was connected to, or empty. */
    readonly server: string;
  }): void;
}

export type CountName = 'sent' | 'accepted' | 'refused' | 'delivered' | 'disconnects';

export interface CountSink {
  /** One more at this moment of the run, in milliseconds. */
  add(what: CountName, atMs: number): void;
}

/** Handlers for one session of one user; they last over all its connections. */
export interface UserRecord extends SessionHandlers {
  /** The user will set out to connect now, and was meant to at this moment of the run, in milliseconds. */
  meantToConnect(atMs: number): void;
  /** At the end: nobody will ever know what became of operations without an answer. */
  finish(): void;
}

export function recordUser(order: RecordOrder): UserRecord {
  return new Recorder(order);
}

// ---

interface Asked {
  readonly op: Invocation['op'];
  readonly conversation: number;
  /** Each user that the operation names; -1 alone when it names none. */
  readonly peers: readonly number[];
  readonly intendedMs: number;
  readonly askedMs: number;
}

type Detail = Partial<Record<'conversation' | 'seq' | 'clientId' | 'peer', number>> & { readonly detail?: string };

/** A class because there is one for each of thousands of users. Every handler is a method; sessions call them on the object. */
class Recorder implements UserRecord {
  private readonly order: RecordOrder;
  private session = 0;
  private server = '';
  private before: SessionState = 'offline';
  /** Since when the user has wanted to be connected and is not; null while connected or content to be away. */
  private wantedMs: number | null = null;
  private meantMs: number | null = null;
  /** From when on the user had to wait for the backlog of this connection. */
  private waitingSinceMs = 0;
  /** When the user last came back by choice. */
  private returnedMs = 0;
  private asked: Map<number, Asked> | null = null;

  constructor(order: RecordOrder) {
    this.order = order;
  }

  finish(): void {
    for (const [clientId, { op, conversation, peers }] of this.asked ?? []) {
      this.addForEach(peers, { kind: 'info', op, about: { clientId, conversation } });
    }
    this.asked = null;
  }

  // --- the connection

  meantToConnect(atMs: number): void {
    this.meantMs = atMs;
  }

  state(state: SessionState): void {
    const nowMs = this.nowMs();
    if (state === 'offline') this.wantedMs = null;
    else if (this.before === 'offline') this.returnedMs = nowMs;
    if (state === 'connecting') {
      this.wantedMs ??= this.meantMs ?? nowMs;
      this.meantMs = null;
    }
    this.before = state;
    this.order.observer?.state?.(this.order.actor, state);
  }

  dialling(): void {
    this.session++;
    this.add('invoke', 'connect', {});
  }

  welcome({ server }: { readonly server: string }): void {
    const nowMs = this.add('ok', 'connect', { detail: server });
    this.server = server;
    this.waitingSinceMs = this.wantedMs ?? nowMs;
    if (this.wantedMs !== null) this.measure('connect', this.wantedMs, nowMs);
    this.wantedMs = null;
  }

  caughtUp(): void {
    this.measure('catchUp', this.waitingSinceMs, this.add('ok', 'caughtUp', {}));
  }

  disconnected({ code }: { readonly code: number }): void {
    const wasWelcome = this.server !== '';
    const nowMs = this.add(wasWelcome ? 'ok' : 'fail', wasWelcome ? 'disconnect' : 'connect', { detail: String(code) });
    this.server = '';
    if (!wasWelcome || code === closedByChoice) return;
    this.order.counts?.add('disconnects', nowMs);
    this.order.observer?.disconnected?.(this.order.actor);
  }

  // --- operations

  invoked({ op, clientId, conversation, users, payload }: Invocation): void {
    const peers = users.length === 0 ? nobody : users.map((user) => this.order.actorOf(user));
    const asked = { conversation: conversation ?? 0, peers };
    const about = { clientId, conversation: asked.conversation };
    const askedMs = this.addForEach(peers, { kind: 'invoke', op, about });
    const stamp = payload !== null && this.order.latency ? readPayload(payload) : null;
    this.asked ??= new Map();
    this.asked.set(clientId, { op, ...asked, askedMs, intendedMs: stamp?.intendedMs ?? askedMs });
  }

  sent({ clientId, again }: { readonly clientId: number; readonly again: boolean }): void {
    if (!again && this.asked?.get(clientId)?.op === 'send') this.order.counts?.add('sent', this.nowMs());
  }

  accepted({ clientId, conversation, seq }: { clientId: number; conversation: number; seq: number }): void {
    const asked = this.answered(clientId);
    if (!asked) return;
    const { op, peers, intendedMs, askedMs } = asked;
    const atMs = this.addForEach(peers, { kind: 'ok', op, about: { clientId, conversation, seq } });
    if (op === 'send') {
      this.measure('accepted', intendedMs, atMs);
      this.measure('acceptedUncorrected', askedMs, atMs, intendedMs);
      this.order.counts?.add('accepted', atMs);
    }
    this.order.observer?.accepted?.(this.order.actor, { op, conversation, clientId, seq, atMs });
    this.tellOwnChange(op, { conversation, seq, peers });
  }

  refused({ clientId, code }: { clientId: number; code: keyof typeof errors }): void {
    const asked = this.answered(clientId);
    if (!asked) return;
    const { op, conversation, peers } = asked;
    const kind = errors[code].definite ? 'fail' : 'info';
    const atMs = this.addForEach(peers, { kind, op, about: { clientId, conversation, detail: code } });
    if (op === 'send') this.order.counts?.add('refused', atMs);
    this.order.observer?.refused?.(this.order.actor, { op, clientId, code });
  }

  // --- entries

  wire(entry: Entry): void {
    this.addEntry('wire', entry);
  }

  entry(entry: Entry): void {
    const nowMs = this.addEntry('app', entry);
    if (entry.type !== 'message') {
      this.tellChange(entry, comingChanges.has(entry.change), entry.users.map(this.order.actorOf));
      return;
    }
    this.order.counts?.add('delivered', nowMs);
    const stamp = this.order.latency ? readPayload(entry.payload) : null;
    const measurable = stamp !== null && stamp.intendedMs >= this.returnedMs;
    if (measurable) {
      this.measure('delivery', stamp.intendedMs, nowMs);
      this.measure('deliveryUncorrected', stamp.actualMs, nowMs, stamp.intendedMs);
    }
    this.order.observer?.delivered?.(this.order.actor, entry, nowMs, measurable ? nowMs - stamp.intendedMs : null);
  }

  expired({
    conversation,
    from,
    to,
    missed,
  }: {
    conversation: number;
    from: number;
    to: number;
    missed: number;
  }): void {
    this.add('app', 'expired', { conversation, seq: from, clientId: to });
    this.order.observer?.expired?.(this.order.actor, missed);
  }

  acked({ conversation, upTo }: { readonly conversation: number; readonly upTo: number }): void {
    this.add('invoke', 'ack', { conversation, seq: upTo });
  }

  conversation(conversation: ConversationFrame): void {
    this.order.observer?.conversation?.(this.order.actor, conversation);
  }

  // ---

  private nowMs(): number {
    return this.order.clock.now() - this.order.startMs;
  }

  /** One's own changes come as acceptances, not as entries. */
  private tellOwnChange(
    op: Invocation['op'],
    about: { conversation: number; seq: number; peers: readonly number[] },
  ): void {
    const { actor } = this.order;
    if (op === 'createGroup') this.tellChange(about, true, [actor, ...about.peers.filter((peer) => peer !== -1)]);
    else if (op === 'invite') this.tellChange(about, true, about.peers);
    else if (op === 'remove') this.tellChange(about, false, about.peers);
    else if (op === 'leave') this.tellChange(about, false, [actor]);
  }

  private tellChange(at: { conversation: number; seq: number }, comes: boolean, users: readonly number[]): void {
    const { conversation, seq } = at;
    this.order.observer?.changed?.(this.order.actor, { conversation, seq, comes, users });
  }

  private answered(clientId: number): Asked | undefined {
    const asked = this.asked?.get(clientId);
    if (asked) this.asked?.delete(clientId);
    return asked;
  }

  /** Latencies stand in the second of intention, also those that count from a later moment. */
  private measure(operation: OperationName, fromMs: number, toMs: number, intendedMs = fromMs): void {
    this.order.latency?.record({ operation, intendedMs, latencyMs: toMs - fromMs, server: this.server });
  }

  private addEntry(kind: 'wire' | 'app', entry: Entry): number {
    const { conversation, seq, clientId } = entry;
    if (entry.type === 'message') {
      return this.add(kind, 'send', { conversation, seq, clientId, peer: this.order.actorOf(entry.sender) });
    }
    // A change of the keys alone names nobody, and is an entry all the same.
    const peers = entry.users.length === 0 ? nobody : entry.users.map((user) => this.order.actorOf(user));
    return this.addForEach(peers, { kind, op: entry.change, about: { conversation, seq, clientId } });
  }

  /** Answers the moment of the events. */
  private addForEach(peers: readonly number[], event: { kind: EventKind; op: EventOp; about: Detail }): number {
    let t = 0;
    for (const peer of peers) t = this.add(event.kind, event.op, { ...event.about, peer });
    return t;
  }

  /** Answers the moment of the event. */
  private add(kind: EventKind, op: EventOp, about: Detail): number {
    const { conversation = 0, seq = 0, clientId = 0, peer = -1, detail = '' } = about;
    const { actor, sink } = this.order;
    const t = this.nowMs();
    sink.add({ t, actor, session: this.session, kind, op, conversation, seq, clientId, peer, detail });
    return t;
  }
}

const comingChanges: ReadonlySet<string> = new Set(['created', 'added']);
const nobody: readonly number[] = [-1];

/** A close that the client wanted. */
const closedByChoice = 1000;
