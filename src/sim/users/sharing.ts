/**
 * Users of a crowd send each other images: encrypted and uploaded, then told of in a message; whoever is shown the
 * message downloads the image and looks whether it is the one. Each user moves one image at a time in each direction, and
 * what fails for a while is tried again, as patient clients do; all of that counts.
 */
import type { HistoryEvent, HistorySink } from '../../metrics/index.ts';
import {
  type Ciphers,
  type Clock,
  type ConversationId,
  downloadImage,
  type Entry,
  ImageFailure,
  type ImageReference,
  type ImageWorld,
  type Ms,
  type Random,
  type Transport,
  uploadImage,
} from '../../system/index.ts';
import { createImageMaker } from './image-bytes.ts';
import { readImagePayload } from './image-payload.ts';
import type { SecondsRecorder } from './seconds.ts';
import type { Trace } from './trace/trace.ts';

export interface Sharing {
  /** Uploads image `index` of the trace, which was due at this moment of the run; resolves with null when it cannot be. */
  upload(index: number, to: ConversationId, dueMs: Ms): Promise<ImageReference | null>;
  /** A message was shown to a user: if it has an image, they download it. */
  shown(user: number, message: Entry, atMs: Ms): void;
  /** A user who is no member has come to know the reference, and tries. */
  tempt(user: number, about: { readonly image: number; readonly reference: ImageReference; readonly to: number }): void;
  /** Transfers that were asked for and have not ended. */
  readonly open: number;
  stop(): void;
}

export interface SharingOrder {
  readonly trace: Trace;
  readonly clock: Clock;
  readonly random: Random;
  readonly runStartMs: Ms;
  readonly ciphers: Ciphers;
  readonly transportFor: (user: number) => Transport;
  readonly tokenOf: (user: number) => string;
  readonly serverOf: (user: number) => string;
  readonly actorOf: (name: string) => number;
  readonly seconds: SecondsRecorder;
  readonly history: HistorySink;
}

export function createSharing(order: SharingOrder): Sharing {
  const { trace, clock, random, runStartMs, ciphers, seconds, history } = order;
  const maker = createImageMaker(random.fork('pool'));
  const ended = new AbortController();
  const { signal } = ended;
  const lanes = new Map<string, Promise<unknown>>();
  let open = 0;

  return {
    async upload(index, to, dueMs) {
      const user = trace.images.sender[index]!;
      const bytes = trace.images.bytes[index]!;
      const about = { actor: user, op: 'upload', conversation: to, clientId: index } as const;
      const reference = await inLane(`up ${user}`, about, async () => {
        const sha256 = ciphers.startSha256();
        const made = await uploadImage(worldOf(user), digested(maker.pieces(index, bytes), sha256), {
          conversation: to,
          signal,
        });
        return { value: made, digest: hex(sha256.digest()) };
      });
      if (reference) done('upload', { user, dueMs, bytes });
      return reference;
    },
    shown(user, message, atMs) {
      const found = message.type === 'message' ? readImagePayload(message.payload) : null;
      if (found === null) return;
      const { conversation, seq, sender } = message;
      const peer = order.actorOf(sender);
      const about = { actor: user, op: 'download', conversation, seq, peer, clientId: found.image } as const;
      void download(user, about, found.reference).then((isDone) => {
        if (isDone) done('download', { user, dueMs: atMs, bytes: found.reference.bytes });
      });
    },
    tempt(user, { image, reference, to }) {
      const about = { actor: user, op: 'download', conversation: to, clientId: image } as const;
      void download(user, about, reference).then((isDone) => {
        if (!isDone) seconds.extra('images.denied', now());
      });
    },
    get open() {
      return open;
    },
    stop: () => ended.abort(new Error('The run is over.')),
  };

  async function download(user: number, about: About, reference: ImageReference): Promise<boolean> {
    const read = await inLane(`down ${user}`, about, async () => {
      const image = await downloadImage(worldOf(user), reference, { signal });
      const sha256 = ciphers.startSha256();
      for await (const _ of digested(image.pieces, sha256));
      return { value: true, digest: hex(sha256.digest()) };
    });
    return read ?? false;
  }

  /** One after the other; null when it failed for good, or the run is over. */
  async function inLane<T>(lane: string, about: About, work: () => Promise<Done<T>>): Promise<T | null> {
    open++;
    note('invoke', about, '');
    const before = lanes.get(lane) ?? Promise.resolve();
    const mine = before.then(() => insist(about, work));
    lanes.set(lane, mine);
    try {
      return await mine;
    } finally {
      open--;
    }
  }

  async function insist<T>(about: About, work: () => Promise<Done<T>>): Promise<T | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { value, digest } = await work();
        note('ok', about, digest);
        return value;
      } catch (error) {
        const failure = error as ImageFailure;
        if (attempt === attemptsMax || signal.aborted || !mayPass(failure)) {
          note(failure.kind === 'refused' ? 'fail' : 'info', about, failure.code ?? failure.kind);
          return null;
        }
        seconds.extra('images.repeated', now());
        const pauseMs = failure.retryAfterMs ?? random.next() * Math.min(pauseMsMax, 50 * 2 ** attempt);
        await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
      }
    }
  }

  function done(what: 'upload' | 'download', { user, dueMs, bytes }: { user: number; dueMs: Ms; bytes: number }): void {
    const nowMs = now();
    seconds.record({ operation: what, intendedMs: dueMs, latencyMs: nowMs - dueMs, server: order.serverOf(user) });
    seconds.extra(`images.${what}ed`, nowMs);
    seconds.extra(`images.${what}edBytes`, nowMs, bytes);
  }

  function worldOf(user: number): ImageWorld {
    const { transportFor, tokenOf } = order;
    return {
      transport: transportFor(user),
      token: tokenOf(user),
      random: random.fork(`keys:${user}:${open}:${now()}`),
      ciphers,
    };
  }

  function note(kind: HistoryEvent['kind'], about: About, detail: string): void {
    history.add({ t: now(), session: 0, seq: 0, peer: -1, ...about, kind, detail });
  }

  function now(): Ms {
    return clock.now() - runStartMs;
  }
}

// ---

const attemptsMax = 20;
const pauseMsMax = 2000;

type About = Pick<HistoryEvent, 'actor' | 'op' | 'conversation' | 'clientId'> &
  Partial<Pick<HistoryEvent, 'seq' | 'peer'>>;

interface Done<T> {
  readonly value: T;
  /** Of the image as it was sent, or as it was read. */
  readonly digest: string;
}

/** Overload and lost connections pass; a refusal of another kind, or a wrong image, does not. */
function mayPass(failure: ImageFailure): boolean {
  const passing = failure.code === 'busy' || failure.code === 'tooMany';
  return failure instanceof ImageFailure && (failure.kind === 'interrupted' || passing);
}

async function* digested(pieces: AsyncIterable<Uint8Array>, sha256: { update(bytes: Uint8Array): void }) {
  for await (const piece of pieces) {
    sha256.update(piece);
    yield piece;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').slice(0, 32);
}
