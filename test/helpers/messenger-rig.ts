/** Messengers against real chat servers in memory, on a manual clock: devices lose their network, crash and come back. */
import { createCanvasThumbnails } from '../../src/system/adapters/canvas-thumbnail.ts';
import { createNodeCipherSuite } from '../../src/system/adapters/node-cipher-suite.ts';
import { createNodeCiphers } from '../../src/system/adapters/node-ciphers.ts';
import { type EncryptionName, encryptions } from '../../src/system/client/encryption/index.ts';
import type { LocalChange, LocalDatabase } from '../../src/system/client/local/contract.ts';
import { createMemoryDisk, type MemoryDisk, openMemoryDatabase } from '../../src/system/client/local/memory.ts';
import type { Asked, Item, Messenger, MessengerWorld, Outcome } from '../../src/system/client/messenger/contract.ts';
import { createMessenger } from '../../src/system/client/messenger/messenger.ts';
import { createMlsSealing } from '../../src/system/client/messenger/mls/mls-sealing.ts';
import type { ByteStream, HttpRequest, Transport } from '../../src/system/ports.ts';
import { Problem } from '../../src/system/problem.ts';
import type { ClientFrame, ServerFrame } from '../../src/system/protocol/frames.ts';
import type { ConversationId } from '../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../src/system/seeded-random.ts';
import { type ChatRig, createChatRig, type RigOptions } from './chat-rig.ts';
import { directTransport } from './images.ts';
import { asText } from './rig-transport.ts';
import { createSocketPair, type SocketPair } from './socket-pair.ts';

export interface MessengerRig {
  readonly chat: ChatRig;
  /** What messengers wrote to their log at level `error`. */
  readonly errors: readonly string[];
  /** A device with an empty disk. */
  device(): Device;
  /** A device of the user, signed in (signed up if need be) and online. */
  online(name: string): Promise<Device>;
  /** Lets time pass until what is under way has come to rest. */
  settle(forMs?: number): Promise<void>;
  /** Time goes on while something is waited for. */
  within<T>(work: Promise<T>): Promise<T>;
}

export interface Device {
  readonly disk: MemoryDisk;
  /** Of the present life. */
  readonly messenger: Messenger;
  /** Items that this life was told of. */
  readonly items: readonly Item[];
  /**
   * Frames on their way to the device are given to this; false loses them, and the connection with them, and another frame
   * is delivered instead.
   */
  lets: (frame: ServerFrame) => boolean | ServerFrame;
  /** Hears every frame that the device sends. */
  says: (frame: ClientFrame) => void;
  /** Stands between the device and the servers where bytes go up; by itself changes nothing. */
  up: (bytes: ByteStream) => ByteStream;
  /** The same where they come down. */
  down: (bytes: ByteStream) => ByteStream;
  /** Which server it reaches next; null: none. */
  server: number | null;
  /** Opens the database anew and makes a messenger on it. */
  boot(): Promise<Messenger>;
  /** The process ends here and now: nothing more is written or sent. */
  crash(): void;
  /** The process ends at its next write but `after`, before or after that is done. */
  crashAtWrite(after: number, when: 'before' | 'after'): void;
  readonly isDead: boolean;
  /** How long its disk takes for a write. */
  diskMs: number;
  /** Stands before each of its requests over HTTP; one that throws is a network that is down, one that never ends a server that hangs. */
  asks: (request: HttpRequest) => void | Promise<void>;
  /** The reason for which its disk takes nothing; null while it does. */
  failWrites: string | null;
  /** All batches that were written in all lives. */
  readonly written: readonly (readonly LocalChange[])[];
  cut(): void;
}

export interface MessengerRigOptions extends RigOptions {
  /** Default: none. */
  readonly encryption?: EncryptionName | 'none';
  readonly sealing?: NonNullable<MessengerWorld['sealing']>;
}

const password = 'correct horse';

/** The sealing of each device of a rig; `modelled` shares what devices of one process may share. */
export function sealingOf(encryption: EncryptionName | 'none'): MessengerRigOptions['sealing'] {
  if (encryption === 'none') return undefined;
  return createMlsSealing(encryptions[encryption]({ suite: createNodeCipherSuite(), random: createSeededRandom(5) }));
}

export async function createMessengerRig(options: MessengerRigOptions = {}): Promise<MessengerRig> {
  const chat = await createChatRig({ servers: 2, ...options });
  const { clock } = chat;
  const random = createSeededRandom(7);
  const errors: string[] = [];
  const sealing = options.sealing ?? sealingOf(options.encryption ?? 'none');
  let devices = 0;

  const rig: MessengerRig = {
    chat,
    errors,
    device: () => createDevice(),
    async online(name) {
      const device = createDevice();
      const messenger = await device.boot();
      const signed = within(
        messenger
          .signUp({ name, password })
          .then((made) => (made.kind === 'ok' ? made : messenger.signIn({ name, password }))),
      );
      const outcome = await signed;
      if (outcome.kind !== 'ok') throw new Error(`${name} could not sign in: ${JSON.stringify(outcome)}`);
      messenger.start();
      await rig.settle();
      return device;
    },
    settle: (forMs = 300) => clock.advance(forMs),
    within,
  };
  return rig;

  async function within<T>(work: Promise<T>): Promise<T> {
    let done = false;
    void work
      .finally(() => {
        done = true;
      })
      .catch(() => {});
    while (!done) await clock.advance(1);
    return work;
  }

  function createDevice(): Device {
    const disk = createMemoryDisk();
    const label = `device ${devices++}`;
    const written: (readonly LocalChange[])[] = [];
    let life = newLife();
    let messenger: Messenger | null = null;
    let items: Item[] = [];
    let fuse: { left: number; readonly when: 'before' | 'after' } | null = null;
    const links = new Set<SocketPair>();
    /** Bytes on their way end with it. */
    let line = new AbortController();

    const device: Device = {
      disk,
      get messenger() {
        return messenger!;
      },
      get items() {
        return items;
      },
      lets: () => true,
      says: () => {},
      asks: () => {},
      up: (bytes) => bytes,
      down: (bytes) => bytes,
      server: 0,
      async boot() {
        life = newLife();
        const heard: Item[] = [];
        items = heard;
        const database = mortal(await openMemoryDatabase(disk), life);
        messenger = await createMessenger(
          {
            clock,
            random: random.fork(label),
            log: { write: (level, message) => void (level === 'error' && errors.push(message)) },
            database,
            transportTo: () => transportOf(life),
            images: { ciphers: createNodeCiphers(), makeThumbnail: createCanvasThumbnails() },
            ...(sealing ? { sealing } : {}),
          },
          { origin: 'http://rig', label: 'test' },
        );
        messenger.on('item', (item) => heard.push(item));
        return messenger;
      },
      crash,
      crashAtWrite(after, when) {
        fuse = { left: after, when };
      },
      get isDead() {
        return !life.alive;
      },
      written,
      failWrites: null,
      diskMs: 0,
      cut,
    };
    return device;

    function cut(): void {
      for (const link of [...links]) link.close(1006);
      line.abort(new Error('the connection was cut'));
      line = new AbortController();
    }

    function crash(): void {
      life.alive = false;
      fuse = null;
      disk.inUse = false;
      cut();
      messenger?.stop();
    }

    /** A database that a dead process does not write to any more. */
    function mortal(database: LocalDatabase, own: Life): LocalDatabase {
      return {
        ...database,
        async write(changes) {
          if (!own.alive) return never;
          if (device.failWrites !== null) throw new Problem(device.failWrites);
          const last = fuse !== null && fuse.left-- === 0 ? fuse.when : null;
          if (last === 'before') crash();
          if (device.diskMs > 0) await new Promise<void>((resolve) => void clock.after(device.diskMs, resolve));
          if (!own.alive) return never;
          await database.write(changes);
          written.push(changes);
          if (last === 'after') crash();
          return own.alive ? undefined : never;
        },
        close: async () => {
          if (own.alive) await database.close();
        },
      };
    }

    function transportOf(own: Life): Transport {
      return {
        async request(request, options = {}) {
          if (!own.alive || device.server === null) throw new Error('nobody there');
          await Promise.race([device.asks(request), cutBy(options.signal)]);
          if (request.bytes || options.streamed) {
            const signal = AbortSignal.any([line.signal, ...(options.signal ? [options.signal] : [])]);
            return directTransport(chat.servers[device.server]!, device).request(request, { ...options, signal });
          }
          return asText(await chat.servers[device.server]!.http({ ...request, remote: '10.0.0.9' }));
        },
        open(_path, handlers) {
          let pair: SocketPair | null = null;
          let isOver = false;
          const closed = (code: number) => {
            if (isOver) return;
            isOver = true;
            if (pair) links.delete(pair);
            if (own.alive) handlers.closed(code, '');
          };
          clock.after(0, () => {
            if (isOver || !own.alive || device.server === null) return closed(1006);
            const mine = createSocketPair({
              message: (text) => {
                if (isOver || !own.alive) return;
                const passed = device.lets(JSON.parse(text) as ServerFrame);
                if (passed === false) mine.close(1006);
                else handlers.message(passed === true ? text : JSON.stringify(passed));
              },
              closed,
            });
            pair = mine;
            links.add(mine);
            mine.attach(chat.servers[device.server]!.accept(mine.server));
            handlers.opened();
          });
          return {
            remote: 'server',
            bufferedBytes: 0,
            send(frame) {
              if (!own.alive || !pair) return;
              device.says(JSON.parse(frame) as ClientFrame);
              pair.send(frame);
            },
            close: () => {
              pair?.close(1000);
              isOver = true;
            },
            terminate: () => {
              isOver = true;
              pair?.close(1006);
            },
          };
        },
      };
    }
  }
}

/** The text of each message of a conversation, as the device keeps it. */
export async function textsOf(device: Device, conversation: ConversationId): Promise<string[]> {
  const items = await device.messenger.history({ conversation, limit: 500 });
  return items.flatMap(({ content }) => (content.kind === 'text' ? [content.text] : []));
}

/** The place of an operation that must succeed. */
export async function placeOf(rig: MessengerRig, asked: Asked): Promise<Extract<Outcome, { kind: 'sent' }>> {
  await rig.settle(2000);
  const outcome = await asked.outcome;
  if (outcome.kind !== 'sent') throw new Error(JSON.stringify(outcome));
  return outcome;
}

export async function say(
  rig: MessengerRig,
  device: Device,
  { room, text }: { readonly room: ConversationId; readonly text: string },
): Promise<void> {
  await placeOf(rig, device.messenger.send(room, text));
}

// ---

interface Life {
  alive: boolean;
}

function newLife(): Life {
  return { alive: true };
}

const never = new Promise<never>(() => {});

function cutBy(signal: AbortSignal | undefined): Promise<never> {
  if (signal === undefined) return never;
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}
