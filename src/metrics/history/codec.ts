/**
 * Events as bytes. A chunk holds up to `chunkEventsMax` events column by column (like stands beside like, which is what
 * makes zstd effective) and its own table of `detail` strings, so each chunk can be read without the others.
 * Numbers are little-endian; `t`, `conversation` and `clientId` are kept exactly, the others as 32-bit integers.
 */
import { type EventKind, type EventOp, eventKinds, eventOps, type HistoryEvent } from './event.ts';

export const chunkEventsMax = 8192;

/** Names behind the numbers in a file: its header carries them, so that names added later do no harm. */
export interface Vocabulary {
  readonly kinds: readonly EventKind[];
  readonly ops: readonly EventOp[];
}
export const vocabulary: Vocabulary = { kinds: eventKinds, ops: eventOps };

/** Gathers events until `take`. `add` allocates nothing but the first sight of a `detail`. */
export interface ChunkBuffer {
  readonly length: number;
  add(event: HistoryEvent): void;
  /** The bytes of what was added since the last `take`. */
  take(): Buffer;
}

const kindNumbers = numbersOf(eventKinds);
const opNumbers = numbersOf(eventOps);

export function createChunkBuffer(): ChunkBuffer {
  const columns = columnsOver(new ArrayBuffer(chunkEventsMax * bytesPerEvent), 0, chunkEventsMax);
  const details = new Map<string, number>([['', 0]]);
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(event) {
      const i = length++;
      columns.t[i] = event.t;
      columns.conversation[i] = event.conversation;
      columns.clientId[i] = event.clientId;
      columns.seq[i] = event.seq;
      columns.actor[i] = event.actor;
      columns.session[i] = event.session;
      columns.peer[i] = event.peer;
      columns.detail[i] = event.detail === '' ? 0 : numberOf(details, event.detail);
      columns.kind[i] = kindNumbers[event.kind];
      columns.op[i] = opNumbers[event.op];
    },
    take() {
      const parts = columnNames.map((name) => bytesOf(columns[name].subarray(0, length)));
      const chunk = Buffer.concat([...parts, Buffer.from(JSON.stringify([...details.keys()]))]);
      length = 0;
      details.clear();
      details.set('', 0);
      return chunk;
    },
  };
}

/** The events of one chunk. `count` is kept beside the chunk. */
export function decodeChunk(chunk: Uint8Array, count: number, names: Vocabulary): HistoryEvent[] {
  const bytes = Uint8Array.from(chunk);
  const columns = columnsOver(bytes.buffer, 0, count);
  const details: string[] = JSON.parse(new TextDecoder().decode(bytes.subarray(count * bytesPerEvent)));
  const events = new Array<HistoryEvent>(count);
  for (let i = 0; i < count; i++) {
    events[i] = {
      t: columns.t[i]!,
      actor: columns.actor[i]!,
      session: columns.session[i]!,
      kind: names.kinds[columns.kind[i]!]!,
      op: names.ops[columns.op[i]!]!,
      conversation: columns.conversation[i]!,
      seq: columns.seq[i]!,
      clientId: columns.clientId[i]!,
      peer: columns.peer[i]!,
      detail: details[columns.detail[i]!]!,
    };
  }
  return events;
}

// ---

/** Widest first, so that every column begins at a multiple of its own width. */
const columnNames = [
  't',
  'conversation',
  'clientId',
  'seq',
  'actor',
  'session',
  'peer',
  'detail',
  'kind',
  'op',
] as const satisfies readonly (keyof HistoryEvent)[];
const bytesPerEvent = 3 * 8 + 4 * 4 + 2 + 1 + 1;

function columnsOver(buffer: ArrayBuffer, from: number, length: number) {
  let offset = from;
  const next = (width: number) => {
    const start = offset;
    offset += width * length;
    return start;
  };
  return {
    t: new Float64Array(buffer, next(8), length),
    conversation: new Float64Array(buffer, next(8), length),
    clientId: new Float64Array(buffer, next(8), length),
    seq: new Uint32Array(buffer, next(4), length),
    actor: new Int32Array(buffer, next(4), length),
    session: new Uint32Array(buffer, next(4), length),
    peer: new Int32Array(buffer, next(4), length),
    detail: new Uint16Array(buffer, next(2), length),
    kind: new Uint8Array(buffer, next(1), length),
    op: new Uint8Array(buffer, next(1), length),
  };
}

function bytesOf(column: ArrayBufferView): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

function numbersOf<T extends string>(names: readonly T[]): Readonly<Record<T, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<T, number>;
}

function numberOf(details: Map<string, number>, detail: string): number {
  const known = details.get(detail);
  if (known !== undefined) return known;
  details.set(detail, details.size);
  return details.size - 1;
}
