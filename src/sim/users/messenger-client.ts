/**
 * A simulated user with a messenger: what they write is encrypted by it, and what arrives is shown when it is decrypted and
 * stored; a backlog is complete when all of it is. The record hears of operations when they are asked for, of their fate when
 * nothing more can come of them, and of changes of keys, which the messenger makes by itself.
 */
import { createHash } from 'node:crypto';
import type { HistorySink } from '../../metrics/index.ts';
import {
  type Asked,
  type ClientId,
  type ConversationId,
  createMessenger,
  createMlsSealing,
  type Encryption,
  type Entry,
  type Invocation,
  type Item,
  type Messenger,
  openMemoryDatabase,
  type ServerId,
  type SessionHandlers,
  type UserName,
} from '../../system/index.ts';
import type { ClientMaker, ClientOrder, UserClient } from './clients.ts';
import type { UserRecord } from './record.ts';
import { createAccount, passwordOf } from './sign-up.ts';

export interface Letters {
  /** The user has written this. */
  written(clientId: ClientId, conversation: ConversationId, text: string): void;
  /** The messenger has read this in a message; null when it could not. */
  opened(entry: Entry, text: string | null): void;
}

/** The encryption may serve many users. */
export function messengerClients(encryption: Encryption, lettersOf: (order: ClientOrder) => Letters): ClientMaker {
  return async (world, order) => {
    const { user, clock, random, log } = order;
    const credentials = { name: user.name, password: passwordOf(user.name) };
    const desk = createDesk(order.record, lettersOf(order));
    const messenger = await createMessenger(
      {
        clock,
        random,
        log,
        database: await openMemoryDatabase(),
        transportTo: () => user.transport,
        sealing: createMlsSealing(encryption),
        observe: desk.observe,
      },
      { origin, label: 'simulated' },
    );
    messenger.on('item', desk.shown);
    await createAccount(world, user, () => messenger.signIn(credentials));
    return { client: clientOf(messenger, desk), token: null };
  };
}

/** What the history keeps of a text, to tell it from others. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Writes what was written and read into the history. */
export function recordLetters(
  { user, clock }: ClientOrder,
  about: { readonly history: HistorySink; readonly runStartMs: number; readonly actorOf: (name: string) => number },
): Letters {
  const blank = { actor: user.index, session: 0, seq: 0, peer: -1 };
  const now = () => clock.now() - about.runStartMs;
  return {
    written(clientId, conversation, text) {
      const detail = fingerprint(text);
      about.history.add({ ...blank, t: now(), kind: 'invoke', op: 'written', conversation, clientId, detail });
    },
    opened({ conversation, seq, clientId, sender }, text) {
      const what = { conversation, seq, clientId, peer: about.actorOf(sender) };
      const kind = text === null ? 'fail' : 'ok';
      about.history.add({
        ...blank,
        ...what,
        t: now(),
        kind,
        op: 'opened',
        detail: text === null ? '' : fingerprint(text),
      });
    },
  };
}

// ---

/** Nobody looks at it: each user has their own transport. */
const origin = 'http://simulated';

interface Desk {
  readonly observe: SessionHandlers;
  readonly server: ServerId | null;
  asked(operation: Omit<Invocation, 'clientId'>, asked: Asked): ClientId;
  shown(item: Item): void;
}

function createDesk(record: UserRecord, letters: Letters): Desk {
  /** Asked for by the user, without an answer. */
  const open = new Set<ClientId>();
  /** Entries that came and were not shown yet. */
  const arrived = new Map<string, Entry>();
  /** The backlog is here, but these of it were not shown yet; null while there is none to wait for. */
  let backlog: Set<string> | null = null;
  let server: ServerId | null = null;
  const placeOf = ({ conversation, seq }: Pick<Item, 'conversation' | 'seq'>) => `${conversation}/${seq}`;

  return {
    get server() {
      return server;
    },
    observe: {
      state: (state) => record.state?.(state),
      dialling: (attempt) => record.dialling?.(attempt),
      welcome(welcome) {
        server = welcome.server;
        record.welcome?.(welcome);
      },
      caughtUp() {
        backlog = new Set(arrived.keys());
        passBacklog();
      },
      disconnected(why) {
        backlog = null;
        record.disconnected?.(why);
      },
      conversation: (frame) => record.conversation?.(frame),
      invoked: (operation) => void (open.has(operation.clientId) || record.invoked?.(operation)),
      sent: (operation) => record.sent?.(operation),
      accepted(answer) {
        open.delete(answer.clientId);
        record.accepted?.(answer);
      },
      // The user's own may be sealed anew; what becomes of them in the end is told by the messenger.
      refused: (answer) => void (open.has(answer.clientId) || record.refused?.(answer)),
      wire: (entry) => record.wire?.(entry),
      entry: (entry) => void arrived.set(placeOf(entry), entry),
      expired: (what) => record.expired?.(what),
      acked: (ack) => record.acked?.(ack),
      typing: (typing) => record.typing?.(typing),
    },
    asked(operation, { id, outcome }) {
      open.add(id);
      record.invoked?.({ ...operation, clientId: id });
      if (operation.payload !== null) letters.written(id, operation.conversation!, operation.payload);
      void outcome.then((what) => {
        if (!open.delete(id) || what.kind !== 'failed') return;
        record.refused?.({ clientId: id, code: what.code === 'notSealed' ? 'keysNeeded' : what.code });
      });
      return id;
    },
    shown(item) {
      const place = placeOf(item);
      const entry = arrived.get(place);
      if (entry === undefined) return;
      arrived.delete(place);
      show(entry, item);
      backlog?.delete(place);
      passBacklog();
    },
  };

  function show(entry: Entry, { content }: Item): void {
    if (entry.type !== 'message') {
      record.entry?.(entry);
      return;
    }
    const text = content.kind === 'text' ? content.text : null;
    letters.opened(entry, text);
    record.entry?.({ ...entry, payload: text ?? '' });
  }

  function passBacklog(): void {
    if (backlog?.size !== 0) return;
    backlog = null;
    record.caughtUp?.();
  }
}

function clientOf(messenger: Messenger, desk: Desk): UserClient {
  const blank = { conversation: null, users: [], payload: null };
  return {
    get server() {
      return desk.server;
    },
    start: messenger.start,
    stop: messenger.stop,
    send: (conversation, payload) =>
      desk.asked({ ...blank, op: 'send', conversation, payload }, messenger.send(conversation, payload)),
    openDirect: (other) => desk.asked({ ...blank, op: 'openDirect', users: [other] }, messenger.openDirect(other)),
    createGroup: (title, users: readonly UserName[] = []) =>
      desk.asked({ ...blank, op: 'createGroup', users }, messenger.createGroup(title, users)),
    invite: (conversation, users) =>
      desk.asked({ ...blank, op: 'invite', conversation, users }, messenger.invite(conversation, users)),
    remove: (conversation, users) =>
      desk.asked({ ...blank, op: 'remove', conversation, users }, messenger.remove(conversation, users)),
    leave: (conversation) => desk.asked({ ...blank, op: 'leave', conversation }, messenger.leave(conversation)),
    typing: messenger.typing,
    watch() {
      throw new Error('A messenger does not watch the presence of others.');
    },
  };
}
