import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { ConversationId, HistoryRange, Item, Seq } from '../../../browser.ts';

/** The part of a conversation that is on the screen and a little around it: one run of entries without a gap. */
export interface Timeline {
  readonly conversation: ConversationId;
  /** Ascending. */
  readonly items: ReadonlySignal<readonly Item[]>;
  readonly hasOlder: ReadonlySignal<boolean>;
  /** The run does not reach the newest entry. */
  readonly hasNewer: ReadonlySignal<boolean>;
  readonly isLoaded: ReadonlySignal<boolean>;
  /** The newest entries; those around a place. */
  toEnd(): Promise<void>;
  toPlace(seq: Seq): Promise<void>;
  /** Makes the run longer on one side, and shorter on the other when it is too long. Nothing while one is under way. */
  older(): Promise<void>;
  newer(): Promise<void>;
  /** An entry has come. `isWatched`: the newest are on the screen, so the run may end in it and lose its beginning. */
  take(item: Item, isWatched: boolean): void;
}

export const timelineSizes = { page: 30, most: 150 } as const;

export type ReadHistory = (range: HistoryRange) => Promise<readonly Item[]>;

export function createTimeline(conversation: ConversationId, history: ReadHistory): Timeline {
  const { page, most } = timelineSizes;
  const items = signal<readonly Item[]>([]);
  const hasOlder = signal(false);
  const hasNewer = signal(false);
  const isLoaded = signal(false);
  /** What came while something was being read, which may have been read too early to hold it. */
  let late: Item[] = [];
  let reading: Promise<void> | null = null;

  return {
    conversation,
    items,
    hasOlder,
    hasNewer,
    isLoaded,
    toEnd: () => alone(showEnd),
    toPlace: (seq) => alone(() => showPlace(seq)),
    older: () => (hasOlder.value ? ifIdle(addOlder) : Promise.resolve()),
    newer: () => (hasNewer.value ? ifIdle(addNewer) : Promise.resolve()),
    take(item, isWatched) {
      if (reading !== null) late.push(item);
      else put(item, isWatched);
    },
  };

  function ifIdle(work: () => Promise<void>): Promise<void> {
    return reading === null ? alone(work) : Promise.resolve();
  }

  async function alone(work: () => Promise<void>): Promise<void> {
    while (reading !== null) await reading.catch(() => {});
    reading = work();
    try {
      await reading;
    } finally {
      reading = null;
      batch(() => {
        for (const item of late.splice(0)) put(item, true);
      });
      late = [];
    }
  }

  async function showEnd(): Promise<void> {
    const found = await history({ conversation, limit: page });
    show(found, { older: found.length === page, newer: false });
  }

  async function showPlace(seq: Seq): Promise<void> {
    const half = page / 2;
    const before = await history({ conversation, before: seq, limit: half });
    const after = await history({ conversation, after: (seq - 1) as Seq, limit: half });
    show([...before, ...after], { older: before.length === half, newer: after.length === half });
  }

  async function addOlder(): Promise<void> {
    const first = items.value[0];
    if (first === undefined) return showEnd();
    const found = await history({ conversation, before: first.seq, limit: page });
    const all = [...found, ...items.value];
    show(all.slice(0, most), { older: found.length === page, newer: hasNewer.value || all.length > most });
  }

  async function addNewer(): Promise<void> {
    const last = items.value.at(-1);
    if (last === undefined) return showEnd();
    const found = await history({ conversation, after: last.seq, limit: page });
    const all = [...items.value, ...found];
    show(all.slice(-most), { older: hasOlder.value || all.length > most, newer: found.length === page });
  }

  function show(run: readonly Item[], more: { readonly older: boolean; readonly newer: boolean }): void {
    batch(() => {
      items.value = run;
      hasOlder.value = more.older;
      hasNewer.value = more.newer;
      isLoaded.value = true;
    });
  }

  function put(item: Item, isWatched: boolean): void {
    if (!isLoaded.value) return;
    const now = items.value;
    const at = now.findLastIndex(({ seq }) => seq <= item.seq);
    const isKnown = now[at]?.seq === item.seq;
    if (isKnown) items.value = now.toSpliced(at, 1, item);
    if (isKnown || hasNewer.value || (at < 0 && hasOlder.value)) return;
    const all = now.toSpliced(at + 1, 0, item);
    if (all.length <= most) items.value = all;
    else if (isWatched) show(all.slice(-most), { older: true, newer: false });
    else hasNewer.value = true;
  }
}
