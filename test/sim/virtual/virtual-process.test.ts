import { describe, expect, it } from 'vitest';
import { createProcess, type VirtualProcess } from '../../../src/sim/backends/virtual/virtual-process.ts';
import { createVirtualTime, type VirtualTime } from '../../../src/sim/backends/virtual/virtual-time.ts';
import { createVirtualVitals } from '../../../src/sim/backends/virtual/virtual-vitals.ts';
import { createSeededRandom } from '../../../src/system/index.ts';

describe('a virtual process', () => {
  it('does one job after the other, each for its cost', async () => {
    expect(await story(({ job }) => [job('a', 2), job('b', 3), job('c', 1)])).toEqual(['a 2', 'b 5', 'c 6']);
  });

  it('does what costs nothing at once when the core is free, and in turn when it is not', async () => {
    expect(await story(({ job }) => [job('free', 0), job('a', 2), job('behind', 0)])).toEqual([
      'free 0',
      'a 2',
      'behind 2',
    ]);
  });

  it('charges what a job turned out to be to the next one', async () => {
    expect(await story(({ process, job }) => [process.charge(4000), job('a', 1)])).toEqual(['a 5']);
  });

  it('takes longer with a smaller share of its core', async () => {
    expect(await story(({ process, job }) => [process.setCpuShare(0.5), job('a', 2)])).toEqual(['a 4']);
  });

  it('has timers that wait for the core', async () => {
    expect(await story(({ process, job, note }) => [process.clock.after(1, note('timer')), job('a', 3)])).toEqual([
      'a 3',
      'timer 3',
    ]);
  });

  it('cancels a timer that is due and waits for the core', async () => {
    const events = await story(({ process, job, note, at }) => {
      const cancel = process.clock.after(1, note('timer'));
      job('a', 3);
      at(2, cancel);
    });
    expect(events).toEqual(['a 3']);
  });

  it('stands still while paused and catches up in order', async () => {
    const events = await story(({ process, job, note, at }) => {
      job('a', 2);
      process.clock.after(3, note('timer'));
      at(1, process.pause);
      at(4, () => job('b', 1));
      at(10, process.resume);
    });
    expect(events).toEqual(['a 10', 'timer 10', 'b 11']);
  });

  it('never does anything again once it is killed', async () => {
    const events = await story(({ process, job, note, at }) => {
      job('a', 2);
      process.clock.after(3, note('timer'));
      process.onDeath(note('death'));
      at(1, process.kill);
      at(2, () => job('b', 0));
    });
    expect(events).toEqual(['death 1']);
  });

  it('tells how busy its core was and how long jobs waited', async () => {
    const time = createVirtualTime(createSeededRandom(1));
    const process = createProcess(time, 'p');
    const vitals = createVirtualVitals(process, () => 0);
    const sample = await time.run(async () => {
      for (let index = 0; index < 4; index++) process.execute(5000, () => undefined);
      await new Promise<void>((resolve) => void time.clock.after(40, resolve));
      return vitals.sample();
    });
    expect(sample).toMatchObject({ cpuFraction: 0.5, cpuMicros: 20_000, eventLoopP99Ms: 15 });
  });
});

// ---

interface Teller {
  readonly process: VirtualProcess;
  /** Notes `<name> <ms>` when it is called. */
  note(name: string): () => void;
  job(name: string, costMs: number): void;
  at(ms: number, run: () => void): void;
}

/** What was noted, after 50 virtual milliseconds. */
async function story(tell: (teller: Teller) => unknown): Promise<string[]> {
  const time: VirtualTime = createVirtualTime(createSeededRandom(1));
  const process = createProcess(time, 'p');
  const noted: string[] = [];
  const note = (name: string) => () => void noted.push(`${name} ${time.clock.now()}`);
  await time.run(async () => {
    tell({
      process,
      note,
      job: (name, costMs) => process.execute(costMs * 1000, note(name)),
      at: (ms, run) => void time.clock.after(ms, run),
    });
    await new Promise<void>((resolve) => void time.clock.after(50, resolve));
  });
  return noted;
}
