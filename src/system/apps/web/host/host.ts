import { type ConversationId, limits, type Messenger, type UserName } from '../../../browser.ts';
import { type CallName, calls } from './calls.ts';
import type { FromHost, News, Port, ToHost, ToldEvent } from './wire.ts';

/** One messenger for all tabs of a user: there is one database, one connection and one queue, however many look at it. */
export interface Host {
  /** A tab has come. It gets a snapshot, and everything that happens from then on. */
  connect(port: Port): void;
}

export interface HostOptions {
  /** Opens the messenger; called again after its database broke or was erased. Calls `waits` when another has it. */
  readonly open: (waits: () => void) => Promise<Messenger>;
  /** Removes the database of a messenger that is closed. */
  readonly erase: () => Promise<void>;
}

export function createHost({ open, erase }: HostOptions): Host {
  const ports = new Set<Port>();
  const running = new WeakMap<Port, Map<number, AbortController>>();
  /** Of the present messenger: it could not be opened, has broken or was erased. The next tab that comes gets another. */
  let isOver = false;
  let isWaiting = false;
  /** The end of the one before. */
  let ended: Promise<unknown> = Promise.resolve();
  let current = begin();

  return {
    connect(port) {
      if (isOver) current = begin();
      ports.add(port);
      if (isWaiting) port.postMessage({ kind: 'waits' } satisfies FromHost);
      port.onmessage = ({ data }) => receive(port, data as ToHost);
      void greet(port);
    },
  };

  function begin(): Promise<Messenger> {
    isOver = false;
    const opening = ended.then(() => open(wait));
    opening.then(attend, () => {
      isOver = true;
    });
    return opening;
  }

  function wait(): void {
    isWaiting = true;
    tell({ kind: 'waits' });
  }

  function attend(messenger: Messenger): void {
    isWaiting = false;
    listen(messenger, (news) => tell({ kind: 'news', news }));
    watchCompanions(messenger);
    // What is on the disk is right; a new messenger begins there.
    messenger.on('broken', (problem) => {
      tell({ kind: 'failed', message: problem.message });
      const closed = messenger.close().catch(() => {});
      current = closed.then(() => Promise.reject(problem));
      current.catch(() => {
        isOver = true;
      });
    });
    if (messenger.isSignedIn) messenger.start();
  }

  /** The messenger ends, and nothing is left of it; only who comes then has another begun. */
  async function eraseAll(messenger: Messenger): Promise<void> {
    isOver = true;
    const erased = messenger.close().then(erase);
    ended = erased.catch(() => {});
    await erased;
    tell({ kind: 'erased' });
  }

  async function greet(port: Port): Promise<void> {
    try {
      const messenger = await current;
      port.postMessage({ kind: 'snapshot', snapshot: snapshotOf(messenger) } satisfies FromHost);
    } catch (error) {
      port.postMessage({ kind: 'failed', message: sentenceOf(error) } satisfies FromHost);
    }
  }

  function tell(message: FromHost): void {
    for (const port of ports) port.postMessage(message);
  }

  function receive(port: Port, message: ToHost): void {
    switch (message.kind) {
      case 'call':
        void answer(port, message);
        return;
      case 'cancel':
        running.get(port)?.get(message.id)?.abort();
        return;
      case 'bye':
        ports.delete(port);
        for (const controller of running.get(port)?.values() ?? []) controller.abort();
        return;
      default:
        message satisfies never;
    }
  }

  async function answer(port: Port, { id, name, args }: Extract<ToHost, { kind: 'call' }>): Promise<void> {
    const controller = new AbortController();
    const mine = running.get(port) ?? new Map();
    running.set(port, mine.set(id, controller));
    try {
      const messenger = await current;
      const onProgress = (progress: unknown): void => port.postMessage({ kind: 'progress', id, progress });
      const asking = { messenger, signal: controller.signal, onProgress, erase: () => eraseAll(messenger) };
      const value = await (calls[name] as (...given: unknown[]) => Promise<unknown>)(asking, ...args);
      port.postMessage({ kind: 'answer', id, value } satisfies FromHost);
      if (changesUser.has(name)) tell({ kind: 'snapshot', snapshot: snapshotOf(messenger) });
    } catch (error) {
      port.postMessage({ kind: 'problem', id, message: sentenceOf(error) } satisfies FromHost);
    } finally {
      mine.delete(id);
    }
  }
}

// ---

const changesUser: ReadonlySet<CallName> = new Set(['signUp', 'signIn', 'signOut', 'signOutEverywhere']);

const toldEvents: readonly ToldEvent[] = [
  'state',
  'conversation',
  'item',
  'operation',
  'receipt',
  'typing',
  'presence',
  'verification',
];

function snapshotOf(messenger: Messenger) {
  const { me, isSignedIn, state } = messenger;
  const presences = companions(messenger).flatMap((user) => messenger.presence(user) ?? []);
  const conversations = messenger.conversations();
  return {
    me,
    isSignedIn,
    state,
    conversations,
    waiting: messenger.waiting(),
    presences,
    verifications: messenger.verifications(),
  };
}

/** The others of all conversations, those of the latest first: as many as one may watch. */
function companions(messenger: Messenger): readonly UserName[] {
  const all = new Set(messenger.conversations().flatMap(({ members }) => members));
  if (messenger.me !== null) all.delete(messenger.me.name);
  return [...all].slice(0, limits.presenceWatchMax);
}

/** Hears who of them is online, and of newcomers too. */
function watchCompanions(messenger: Messenger): void {
  let watched = '';
  const watch = (): void => {
    const users = companions(messenger);
    const key = users.toSorted().join(' ');
    if (key !== watched) messenger.watch(users);
    watched = key;
  };
  watch();
  messenger.on('conversation', watch);
}

/** Gathers the events of one turn, so that a backlog of thousands is not thousands of messages. */
function listen(messenger: Messenger, tell: (news: readonly News[]) => void): void {
  let news: News[] = [];
  const changed = new Set<ConversationId>();
  for (const event of toldEvents) messenger.on(event, (what) => add({ event, what } as News));

  function add(one: News): void {
    if (news.length === 0) queueMicrotask(flush);
    news.push(one);
    if (one.event === 'item') changed.add(one.what.conversation);
  }

  function flush(): void {
    for (const id of changed) {
      const conversation = messenger.conversation(id);
      if (conversation !== null) news.push({ event: 'conversation', what: conversation });
    }
    tell(news);
    news = [];
    changed.clear();
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
