/** Are two histories the same, and if not, where do they part? */
import type { HistoryEvent, HistorySink } from './event.ts';
import type { History } from './reader.ts';

interface HistoryHash extends HistorySink {
  /** 16 hexadecimal digits over all events so far, in their order. */
  digest(): string;
}

/** Runs along with a history, in constant memory. Not for secrets: two 32-bit lanes of multiply and shift. */
function createHistoryHash(): HistoryHash {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  const mix = (word: number) => {
    a = Math.imul(a ^ word, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b ^ word, 0x85ebca77);
    b ^= b >>> 13;
  };
  return {
    add(event) {
      for (const value of numbersOf(event)) {
        double[0] = value;
        mix(words[0]!);
        mix(words[1]!);
      }
      for (const text of [event.kind, event.op, event.detail]) {
        for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i));
        mix(text.length);
      }
    },
    digest: () => [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join(''),
  };
}

export async function historyHash(history: History): Promise<string> {
  const hash = createHistoryHash();
  for await (const batch of history) for (const event of batch) hash.add(event);
  return hash.digest();
}

/** The first place where two histories differ; null stands for "ended before". */
export interface Divergence {
  readonly index: number;
  readonly first: HistoryEvent | null;
  readonly second: HistoryEvent | null;
}

/** Null when the histories are equal event by event. */
export async function firstDivergence(first: History, second: History): Promise<Divergence | null> {
  const a = eventsOf(first);
  const b = eventsOf(second);
  try {
    for (let index = 0; ; index++) {
      const [left, right] = [await a.next(), await b.next()];
      if (left.done && right.done) return null;
      const divergence = { index, first: left.value ?? null, second: right.value ?? null };
      if (!divergence.first || !divergence.second || !sameEvent(divergence.first, divergence.second)) return divergence;
    }
  } finally {
    await a.return(undefined);
    await b.return(undefined);
  }
}

/** One line for people: `12.345 ms user 3 (session 1) ok send conversation 7 seq 4 client id 9`. */
export function describeEvent(event: HistoryEvent): string {
  const who = event.actor < 0 ? 'laboratory' : `user ${event.actor} (session ${event.session})`;
  const where = event.conversation > 0 ? [`conversation ${event.conversation}`, `seq ${event.seq}`] : [];
  const what = event.clientId > 0 ? [`client id ${event.clientId}`] : [];
  const peer = event.peer >= 0 ? [`peer ${event.peer}`] : [];
  const detail = event.detail === '' ? [] : [`"${event.detail}"`];
  return [`${event.t.toFixed(3)} ms`, who, event.kind, event.op, ...where, ...what, ...peer, ...detail].join(' ');
}

// ---

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

function numbersOf(event: HistoryEvent): readonly number[] {
  return [event.t, event.actor, event.session, event.conversation, event.seq, event.clientId, event.peer];
}

function sameEvent(a: HistoryEvent, b: HistoryEvent): boolean {
  const left = numbersOf(a);
  const same = numbersOf(b).every((value, i) => Object.is(value, left[i]));
  return same && a.kind === b.kind && a.op === b.op && a.detail === b.detail;
}

async function* eventsOf(history: History): AsyncGenerator<HistoryEvent, undefined, undefined> {
  for await (const batch of history) yield* batch;
}
