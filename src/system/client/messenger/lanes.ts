/** Work that is done one after the other in each lane; lanes go side by side. */
export interface Lanes<K> {
  /** Begins when all earlier work of the lane is done. A rejection goes to `failed` and does not hold up the lane. */
  run(lane: K, work: () => Promise<void>): void;
  /** Works that have not ended. */
  readonly size: number;
  /** Resolves when all lanes are empty. */
  idle(): Promise<void>;
}

export function createLanes<K>(failed: (error: unknown) => void): Lanes<K> {
  const ends = new Map<K, Promise<void>>();
  let size = 0;

  return {
    run(lane, work) {
      size++;
      const before = ends.get(lane) ?? Promise.resolve();
      const end = before
        .then(work)
        .catch(failed)
        .finally(() => {
          size--;
          if (ends.get(lane) === end) ends.delete(lane);
        });
      ends.set(lane, end);
    },
    get size() {
      return size;
    },
    async idle() {
      while (ends.size > 0) await Promise.all(ends.values());
    },
  };
}

/** The same for work whose end somebody waits for: they hear of its failure. */
export function inLane<K>(lanes: Lanes<K>, lane: K, work: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    lanes.run(lane, () => work().then(resolve, reject));
  });
}
