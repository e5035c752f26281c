import type { Entry, ServerFrame } from '../../src/system/protocol/frames.ts';
import type { ConversationId } from '../../src/system/protocol/ids.ts';
import type { ChatServer } from '../../src/system/server/contract.ts';
import { type Account, type Frame, isEntry } from './chat-rig.ts';
import { createSocketPair, type SocketPair } from './socket-pair.ts';

/**
 * A device that asks impatiently (many operations at once, repeated in order when they were refused for the moment or
 * the connection was lost) and writes down every breach of what a session is promised.
 */
export interface CheckedDevice {
  readonly account: Account;
  readonly breaches: readonly string[];
  /** Every entry that arrived on some connection. */
  readonly received: readonly Entry[];
  /** Operations without a final answer. */
  readonly pending: number;
  readonly connected: boolean;
  connect(server: ChatServer): void;
  drop(): void;
  ask(operation: Operation): void;
  /** Repeats what was refused for the moment, and reconnects are up to the caller. */
  repeat(): void;
  stall(): void;
  resume(): void;
  /** The keys of the conversation as far as the device was told. */
  keysOf(conversation: ConversationId): { readonly epoch: number; readonly sealed: number };
  /** Everything of the conversation up to here is known to the device. */
  position(conversation: ConversationId): number;
}

type Operation = DistributiveOmit<Extract<Frame, { clientId: number }>, 'clientId'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Place {
  /** Next entry that may come on this connection. */
  next: number;
  /** Own entries that are known by their answer. */
  readonly own: Set<number>;
  /** Named by the answer to an `openDirect`: one's own entry, or the other side's, which then still comes. */
  perhaps: number;
  open: boolean;
}

export function createCheckedDevice(account: Account): CheckedDevice {
  const breaches: string[] = [];
  const received: Entry[] = [];
  const outbox = new Map<number, Frame>();
  let refused: number[] = [];
  const kept = new Map<ConversationId, { upTo: number; own: Set<number> }>();
  const keys = new Map<ConversationId, { epoch: number; sealed: number }>();
  let places = new Map<ConversationId, Place>();
  let pair: SocketPair | null = null;
  let nextClientId = 1;

  const breach = (what: string): void => void breaches.push(`${account.name}/${account.device}: ${what}`);
  const keep = (conversation: ConversationId) => {
    const known = kept.get(conversation) ?? { upTo: 0, own: new Set<number>() };
    kept.set(conversation, known);
    return known;
  };

  return {
    account,
    breaches,
    received,
    get pending() {
      return outbox.size;
    },
    get connected() {
      return pair !== null;
    },
    connect(server) {
      pair?.close();
      places = new Map();
      refused = [];
      const mine = createSocketPair({
        message: (text) => {
          if (pair === mine) receive(JSON.parse(text) as ServerFrame);
        },
        closed: () => {
          if (pair === mine) pair = null;
        },
      });
      pair = mine;
      mine.attach(server.accept(mine.server));
      const cursors = [...kept].map(([conversation, { upTo }]) => [conversation, upTo]);
      mine.send(JSON.stringify({ type: 'hello', token: account.token, cursors }));
      for (const frame of outbox.values()) mine.send(JSON.stringify(frame));
    },
    drop() {
      const old = pair;
      pair = null;
      old?.close();
    },
    ask(operation) {
      const frame = { ...operation, clientId: nextClientId++ } as Extract<Frame, { clientId: number }>;
      outbox.set(frame.clientId, frame);
      pair?.send(JSON.stringify(frame));
    },
    repeat() {
      const again = refused.toSorted((a, b) => a - b);
      refused = [];
      for (const clientId of again) if (outbox.has(clientId)) pair?.send(JSON.stringify(outbox.get(clientId)));
    },
    stall: () => pair?.stall(),
    resume: () => pair?.resume(),
    keysOf,
    position: (conversation) => keep(conversation).upTo,
  };

  function receive(frame: ServerFrame): void {
    if (frame.type === 'accepted') accepted(frame);
    else if (frame.type === 'refused' && frame.clientId !== undefined) {
      if (frame.code === 'busy' || frame.code === 'databaseDown' || frame.code === 'uncertain')
        refused.push(frame.clientId);
      else {
        if (frame.code === 'staleEpoch') stale(outbox.get(frame.clientId));
        outbox.delete(frame.clientId);
      }
    } else if (frame.type === 'conversation') begin(frame);
    else if (isEntry(frame)) entry(frame);
  }

  function accepted({ clientId, conversation, seq }: Extract<ServerFrame, { type: 'accepted' }>): void {
    const asked = outbox.get(clientId);
    outbox.delete(clientId);
    keep(conversation).own.add(seq);
    if (asked !== undefined && 'keys' in asked && asked.keys) learnEpoch(conversation, asked.keys.epoch + 1);
    const place = places.get(conversation) ?? newPlace();
    if (asked?.type === 'openDirect') place.perhaps = seq;
    else place.own.add(seq);
    places.set(conversation, place);
    settle(conversation);
  }

  /** Who is refused for old keys must have been told of newer ones, or of somebody who left. */
  function stale(asked: Frame | undefined): void {
    if (asked === undefined || !('conversation' in asked)) return;
    const known = keysOf(asked.conversation as ConversationId);
    const used =
      asked.type === 'send' ? { epoch: asked.epoch, sealed: 0 } : { sealed: 0, ...('keys' in asked ? asked.keys : {}) };
    if (used.epoch === known.epoch && used.sealed === known.sealed) {
      breach(`${asked.type} in ${asked.conversation} was refused as stale, which nothing had told`);
    }
  }

  function keysOf(conversation: ConversationId) {
    return keys.get(conversation) ?? { epoch: 0, sealed: 0 };
  }

  function learnEpoch(conversation: ConversationId, epoch: number): void {
    if (epoch > keysOf(conversation).epoch) keys.set(conversation, { epoch, sealed: 0 });
  }

  function begin({ conversation, after, epoch, sealed }: Extract<ServerFrame, { type: 'conversation' }>): void {
    learnEpoch(conversation, epoch);
    if (epoch === keysOf(conversation).epoch && sealed > 0) keys.set(conversation, { epoch, sealed });
    const place = places.get(conversation) ?? newPlace();
    if (place.open && after + 1 < place.next) breach(`conversation ${conversation} goes back to ${after}`);
    place.next = after + 1;
    place.open = true;
    places.set(conversation, place);
    const known = keep(conversation);
    known.upTo = Math.max(known.upTo, after);
    settle(conversation);
  }

  function entry(frame: Entry): void {
    const { conversation, seq } = frame;
    received.push(frame);
    const place = places.get(conversation);
    // In a backlog, one's return may follow one's removal without the conversation being announced again.
    if (place === undefined || (!place.open && !isComing(frame))) {
      breach(`${seq} of ${conversation} came without the conversation`);
      return;
    }
    while (place.own.has(place.next) || (place.perhaps === place.next && seq > place.next)) place.next++;
    if (seq !== place.next) breach(`${seq} of ${conversation} came instead of ${place.next}`);
    place.next = seq + 1;
    const known = keep(conversation);
    known.upTo = Math.max(known.upTo, seq);
    settle(conversation);
    if (frame.device === account.device) outbox.delete(frame.clientId);
    if (frame.type === 'membership') {
      const { epoch } = keysOf(conversation);
      if (frame.keys) learnEpoch(conversation, frame.keys.epoch);
      else if (frame.change === 'left' && epoch > 0) keys.set(conversation, { epoch, sealed: seq });
    }
    if (frame.type === 'membership' && frame.users.includes(account.name)) place.open = isComing(frame);
    pair?.send(JSON.stringify({ type: 'ack', conversation, upTo: known.upTo }));
  }

  function isComing(frame: Entry): boolean {
    const came = frame.type === 'membership' && (frame.change === 'added' || frame.change === 'created');
    return came && frame.users.includes(account.name);
  }

  function settle(conversation: ConversationId): void {
    const known = keep(conversation);
    while (known.own.has(known.upTo + 1)) known.upTo++;
  }
}

// ---

function newPlace(): Place {
  return { next: 0, own: new Set(), perhaps: 0, open: false };
}
