import type { Clock, Random, Socket, SocketHandlers, Transport } from '../../../src/system/ports.ts';
import type { ErrorCode } from '../../../src/system/protocol/errors.ts';
import type { ClientFrame, MessageEntry, OperationFrame, ServerFrame } from '../../../src/system/protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, ServerId, UserName } from '../../../src/system/protocol/ids.ts';

export const me = 'me' as UserName;
export const myDevice = 7 as DeviceId;

/** How badly the server and the way to it behave; each a probability per frame. */
export interface Manners {
  readonly cut: number;
  readonly refuseForNow: number;
  readonly refuseForGood: number;
  readonly repeatEntry: number;
  /** Longest time that a frame is on its way. */
  readonly delayMsMax: number;
}

export const flawless: Manners = { cut: 0, refuseForNow: 0, refuseForGood: 0, repeatEntry: 0, delayMsMax: 0 };

type Handlers = SocketHandlers & { opened(): void };

interface Link {
  readonly handlers: Handlers;
  open: boolean;
  /** Entries up to here were sent on this link. */
  sent: Map<ConversationId, number>;
  /** Own entries that this link was told of by `accepted`. */
  told: Set<string>;
  dueAt: number;
  ready: boolean;
}

/**
 * A server written down to the letter of the protocol for one user: what is accepted is told at once, what others write
 * comes in order but perhaps later. It stands for the other end of the wire; the session under test is the real one.
 */
export function createScriptedServer(world: { clock: Clock; random: Random }, manners: { now: Manners }) {
  const { clock, random } = world;
  const logs = new Map<ConversationId, MessageEntry[]>();
  const done = new Map<ClientId, MessageEntry>();
  const received: ClientFrame[] = [];
  let dials = 0;
  let link: Link | null = null;
  let deaf: Link | null = null;

  const transport: Transport = { request: () => Promise.reject(new Error('There is no HTTP here.')), open };

  return { transport, logs, received, write, say, cut, close, mute, dials: () => dials, isLinked: () => link !== null };

  function open(_path: string, handlers: Handlers): Socket {
    dials++;
    const own: Link = { handlers, open: true, sent: new Map(), told: new Set(), dueAt: 0, ready: false };
    link = own;
    deliver(own, () => handlers.opened());
    return {
      remote: 'server',
      bufferedBytes: 0,
      send: (frame) => travel(own, () => take(own, JSON.parse(frame) as ClientFrame)),
      close: () => end(own),
      terminate: () => end(own),
    };
  }

  /** Another user writes. */
  function write(conversation: ConversationId): void {
    append(conversation, { sender: 'other' as UserName, device: 8 as DeviceId, clientId: 1 as ClientId });
    if (link) push(link, conversation);
  }

  /** Says something out of the script on the present link. */
  function say(frame: ServerFrame | string): void {
    const to = link;
    if (to) deliver(to, () => to.handlers.message(typeof frame === 'string' ? frame : JSON.stringify(frame)));
  }

  /** From now on the present link is not listened to, and nothing is said on it but by `say`. */
  function mute(): void {
    deaf = link;
  }

  function cut(): void {
    close(1006, 'cut');
  }

  function close(code: number, reason: string): void {
    const ending = link;
    if (!ending) return;
    end(ending);
    ending.handlers.closed(code, reason);
  }

  function end(ending: Link): void {
    ending.open = false;
    if (link === ending) link = null;
  }

  function append(
    conversation: ConversationId,
    who: Pick<MessageEntry, 'sender' | 'device' | 'clientId'>,
  ): MessageEntry {
    const log = logs.get(conversation) ?? [];
    logs.set(conversation, log);
    const entry: MessageEntry = {
      type: 'message',
      conversation,
      seq: (log.length + 1) as Seq,
      at: 1,
      epoch: 0,
      payload: '',
      ...who,
    };
    log.push(entry);
    return entry;
  }

  function take(from: Link, frame: ClientFrame): void {
    received.push(frame);
    if (from === deaf) return;
    switch (frame.type) {
      case 'hello':
        welcome(from, new Map(frame.cursors ?? []));
        break;
      case 'ping':
        send(from, { type: 'pong' });
        break;
      case 'ack':
      case 'read':
      case 'typing':
      case 'presence':
        break;
      default:
        answer(from, frame);
    }
  }

  function welcome(to: Link, cursors: Map<ConversationId, Seq>): void {
    send(to, { type: 'welcome', user: me, device: myDevice, server: 's1' as ServerId, heartbeatMs: 1000, limits: {} });
    for (const [conversation, log] of logs) {
      const after = cursors.get(conversation) ?? (0 as Seq);
      send(to, {
        type: 'conversation',
        conversation,
        kind: 'group',
        title: 't',
        admin: null,
        members: [me],
        epoch: 0,
        sealed: 0 as Seq,
        bundle: null,
        lastSeq: log.length as Seq,
        after,
      });
      to.sent.set(conversation, after);
    }
    for (const conversation of logs.keys()) push(to, conversation);
    to.ready = true;
    send(to, { type: 'caughtUp' });
  }

  function answer(to: Link, frame: OperationFrame): void {
    const { clientId } = frame;
    const before = done.get(clientId);
    if (before) accept(to, before);
    else if (chance(manners.now.refuseForNow)) refuse(to, clientId, pick(['busy', 'uncertain', 'tooMany']));
    else if (chance(manners.now.refuseForGood)) refuse(to, clientId, 'notMember');
    else commit(to, frame);
  }

  function commit(to: Link, frame: OperationFrame): void {
    const { clientId } = frame;
    const conversation = 'conversation' in frame ? frame.conversation : (99 as ConversationId);
    const entry = append(conversation, { sender: me, device: myDevice, clientId });
    done.set(clientId, entry);
    accept(to, entry);
    push(to, conversation);
  }

  function accept(to: Link, { clientId, conversation, seq, at }: MessageEntry): void {
    to.told.add(`${conversation}/${seq}`);
    send(to, { type: 'accepted', clientId, conversation, seq, at });
  }

  function refuse(to: Link, clientId: ClientId, code: ErrorCode): void {
    send(to, { type: 'refused', clientId, code });
  }

  /** Entries go out in order; at times a push is put off, so that a later `accepted` overtakes it. */
  function push(to: Link, conversation: ConversationId): void {
    if (to.ready && chance(0.3)) clock.after(50 * random.next(), () => pushNow(to, conversation));
    else pushNow(to, conversation);
  }

  function pushNow(to: Link, conversation: ConversationId): void {
    if (!to.open) return;
    const from = to.sent.get(conversation) ?? 0;
    const log = logs.get(conversation) ?? [];
    for (const entry of log.slice(from)) {
      if (!to.told.has(`${conversation}/${entry.seq}`)) send(to, entry);
      if (chance(manners.now.repeatEntry)) send(to, log[Math.floor(random.next() * entry.seq)]!);
    }
    to.sent.set(conversation, log.length);
  }

  function send(to: Link, frame: ServerFrame): void {
    deliver(to, () => to.handlers.message(JSON.stringify(frame)));
  }

  /** In order, each after some time; the link may break under it. */
  function deliver(to: Link, run: () => void): void {
    to.dueAt = Math.max(to.dueAt, clock.now() + random.next() * manners.now.delayMsMax);
    clock.after(to.dueAt - clock.now(), () => {
      if (!to.open) return;
      if (chance(manners.now.cut)) {
        end(to);
        to.handlers.closed(1006, 'lost');
      } else run();
    });
  }

  function travel(from: Link, run: () => void): void {
    deliver(from, run);
  }

  function chance(probability: number): boolean {
    return probability > 0 && random.next() < probability;
  }

  function pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(random.next() * choices.length)]!;
  }
}
