import type { HistoryEvent, HistorySink } from './event.ts';
import type { History } from './reader.ts';

/** Keeps every event; for virtual runs and tests. About 150 bytes an event. */
export interface MemoryHistory extends HistorySink, History {
  readonly events: readonly HistoryEvent[];
}

export function createMemoryHistory(initial: Iterable<HistoryEvent> = []): MemoryHistory {
  const events: HistoryEvent[] = [...initial];
  return {
    events,
    add(event) {
      events.push({ ...event });
    },
    async *[Symbol.asyncIterator]() {
      if (events.length > 0) yield events;
    },
    cut: () => [],
  };
}
