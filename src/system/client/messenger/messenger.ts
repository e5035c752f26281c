import { Problem } from '../../problem.ts';
import type { Entry } from '../../protocol/frames.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import type { ClientSession, SessionState } from '../contract.ts';
import { createSession } from '../session.ts';
import { createAsking } from './asking.ts';
import {
  type Messenger,
  type MessengerOptions,
  type MessengerState,
  type MessengerWorld,
  messengerLimits,
} from './contract.ts';
import type { Core, Lane } from './core.ts';
import { createListeners } from './core.ts';
import { createEntering } from './entering.ts';
import { createIdentity } from './identity.ts';
import { createImages } from './images.ts';
import { createJournal } from './journal.ts';
import { type Kept, loadKept } from './kept.ts';
import { createLanes } from './lanes.ts';
import { createMarks } from './marks.ts';
import { observed } from './observing.ts';
import { createOwnAccount } from './own-account.ts';
import { createPeople } from './people.ts';
import { createQueue } from './queue.ts';
import { createReading } from './reading.ts';
import { createReceiver } from './receiver.ts';
import { createRooms } from './rooms.ts';
import { createPlainSealing, type Sealing } from './sealing.ts';
import { contextOf } from './sealing-context.ts';
import { createSender } from './sender.ts';
import { createTrust } from './trust.ts';
import { connectionView } from './views.ts';

/**
 * A messenger on a local database, which it closes when it is closed. Rejects with a `Problem` when the database cannot be
 * read. It stays offline until `start`.
 */
export async function createMessenger(world: MessengerWorld, options: MessengerOptions = {}): Promise<Messenger> {
  const messenger = compose(world, options, await loadKept(world.database));
  await messenger.sealing.load();
  return messenger.api;
}

// ---

/** As for a laboratory's users; a person's client may take its time. */
const sessionSettings = { backoffBaseMs: 200, backoffMaxMs: 15_000, ackDelayMs: 200, receipts: true, typing: true };
/** A session that could not go on is not replaced at once: what hindered it may last. */
const giveUpMs = 1000;
const closeCodes = { signInAgain: 4001, takenOver: 4009 } as const;

function compose(
  world: MessengerWorld,
  options: MessengerOptions,
  kept: Kept,
): { readonly api: Messenger; readonly sealing: Sealing } {
  const { clock, random, log, database, transportTo } = world;
  const listeners = createListeners(log);
  const journal = createJournal(clock, database, broken);
  const lanes = createLanes<Lane>(defect);
  const rooms = createRooms(() => identity.me?.name ?? null);
  const queue = createQueue();
  const identity = createIdentity({ kept: kept.account, options, random, journal, transportTo });
  let session: ClientSession | null = null;
  let wanted = false;
  let isClosed = false;
  let trouble: MessengerState['trouble'] = null;
  const givenUp = new WeakSet<ClientSession>();

  rooms.reset(kept.rooms);
  queue.reset(kept.operations, kept.nextClientId);

  const rekey = (conversation: ConversationId) => sender.want(conversation);
  const context = contextOf({ world, identity, journal, lanes, rooms, rekey, emit: listeners.emit });
  const sealing = world.sealing?.(context) ?? createPlainSealing();
  const core: Core = {
    world,
    database,
    journal,
    rooms,
    queue,
    sealing,
    lanes,
    me: () => identity.me!,
    session: () => session,
    emit: listeners.emit,
    emitState: () => listeners.emit('state', state()),
    giveUp,
    isGivenUp: (one) => givenUp.has(one),
  };
  const sender = createSender(core, () => session?.state === 'online');
  const receiver = createReceiver(core, sender.arrived);
  const reading = createReading(core, () => identity.me);
  const marks = createMarks(core, reading);
  const people = createPeople(core, identity);
  const { sendContent, ...asking } = createAsking(core, { pump: sender.pump, reading, marks, checkOpen });
  const images = createImages(core, { reading, sendContent, servers: context.servers, checkOpen });

  const api: Messenger = {
    get me() {
      return identity.me;
    },
    get isSignedIn() {
      return identity.account?.token != null;
    },
    get state() {
      return state();
    },
    ...createEntering({ identity, sealing, checkOpen, endSession, forgetTrouble, emitState: core.emitState }),
    ...createOwnAccount(identity),
    findUser: people.findUser,
    start,
    stop,
    close,
    ...asking,
    sendImage: images.sendImage,
    readImage: images.readImage,
    conversations: reading.conversations,
    conversation: reading.conversation,
    history: reading.history,
    search: reading.search,
    markRead: marks.markRead,
    receipts: marks.receipts,
    ...createTrust(core, reading),
    typing: marks.typing,
    watch: people.watch,
    presence: people.presence,
    on: listeners.on,
  };
  return { api, sealing };

  // --- the connection

  function start(): void {
    checkOpen();
    const token = identity.account?.token;
    if (token == null) {
      throw new Problem('Nobody is signed in on this local database; call signIn or signUp before start.');
    }
    wanted = true;
    trouble = null;
    // One that was given up is replaced once nothing of it is left.
    if (session !== null && givenUp.has(session)) return;
    sealing.turned('on');
    session ??= newSession(token);
    session.start();
  }

  function giveUp(given: ClientSession): void {
    if (givenUp.has(given)) return;
    givenUp.add(given);
    given.drop();
    void lanes.idle().then(() => {
      if (session !== given) return;
      session = null;
      if (wanted && !isClosed) clock.after(giveUpMs, () => void (wanted && !isClosed && start()));
    });
  }

  function newSession(token: string): ClientSession {
    const { origin, device } = identity.me!;
    const cursors = [...rooms.all.values()].map(
      ({ conversation, progress }) => [conversation.id, progress.cursor] as const,
    );
    session = createSession(
      { clock, random, log, transport: transportTo(origin) },
      { token, device, nextClientId: queue.nextId, cursors, confirms: true, ...sessionSettings },
      observed(
        {
          conversation: receiver.conversation,
          entry: takeEntry,
          expired: receiver.expired,
          accepted: sender.handlers.accepted,
          refused: sender.handlers.refused,
          ...marks.handlers,
          ...people.handlers,
          state: connectionChanged,
          disconnected: ({ code }) => noteEnd(code),
        },
        world.observe,
      ),
    );
    sender.resume();
    people.begin(session);
    return session;
  }

  /** Takes no more in than can wait in memory; the rest comes again. */
  function takeEntry(entry: Entry): void {
    receiver.entry(entry);
    if (receiver.unstored >= messengerLimits.arrivalsMax) void pauseUntilStored();
  }

  async function pauseUntilStored(): Promise<void> {
    session?.drop();
    await lanes.idle();
    await journal.flush().catch(() => {});
    if (wanted && !isClosed) session?.start();
  }

  function connectionChanged(now: SessionState): void {
    if (now !== 'online') people.forget();
    core.emitState();
    if (now !== 'online') return;
    sealing.turned('online');
    sender.pump();
    images.online();
  }

  function noteEnd(code: number): void {
    if (code === closeCodes.signInAgain) trouble = 'signInAgain';
    if (code === closeCodes.takenOver) trouble = 'takenOver';
    if (code === closeCodes.signInAgain || code === closeCodes.takenOver) unwanted();
  }

  function unwanted(): void {
    wanted = false;
    sealing.turned('off');
    sender.rest();
    images.halt();
  }

  function stop(): void {
    unwanted();
    session?.stop();
  }

  async function endSession(): Promise<void> {
    stop();
    await settled();
    session = null;
  }

  async function settled(): Promise<void> {
    await lanes.idle();
    await journal.flush();
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    stop();
    images.close();
    await settled().catch(() => {});
    isClosed = true;
    for (const { outcome } of queue.all.values()) outcome.resolve({ kind: 'unanswered' });
    await database.close();
  }

  // --- state and trouble

  function state(): MessengerState {
    const { waiting, failed } = queue;
    const connection = connectionView(session?.state ?? 'offline');
    const server = connection === 'online' ? (session?.server ?? null) : null;
    return { connection, trouble, server, waiting, failed };
  }

  function forgetTrouble(): void {
    trouble = null;
  }

  function broken(reason: Problem): void {
    log.write('error', reason.message);
    unwanted();
    trouble = 'broken';
    session?.drop();
    listeners.emit('broken', reason);
    core.emitState();
  }

  /** Work on a conversation failed in a way that nobody foresaw: going on might lose what should have followed. */
  function defect(error: unknown): void {
    if (trouble === 'broken') return;
    broken(error instanceof Problem ? error : new Problem(`The messenger failed and has stopped: ${String(error)}`));
  }

  function checkOpen(): void {
    if (isClosed) throw new Problem('This messenger is closed; open its local database again.');
  }
}
