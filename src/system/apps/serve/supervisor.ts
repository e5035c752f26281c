import type { Ms } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import { type Component, endComponent, startComponent } from './component.ts';
import type { Exit } from './death.ts';
import type { LocalClusterOptions } from './options.ts';
import type { Slot } from './slots.ts';

/** Starts and ends what stands in slots, and notices what dies by itself. */
export interface Supervisor {
  /** Resolves when the component is ready; at once when it runs already. */
  start(slot: Slot): Promise<void>;
  /** kill -9; resolves when the process is gone. */
  kill(slot: Slot): Promise<Exit>;
  /** SIGTERM; resolves when the process is gone. */
  drain(slot: Slot): Promise<Exit>;
  /** Ends these, whether they run, are down or are being started. */
  endAll(slots: readonly Slot[]): Promise<void>;
  /** Gives up every start that is under way; there will be no more. */
  halt(): void;
  /** Kills all at once, without waiting: for the last moment of this process. */
  killAll(): void;
}

export function createSupervisor(options: LocalClusterOptions): Supervisor {
  const graceMs = options.graceMs ?? graceMsDefault;
  const halting = new AbortController();
  const running = new Set<Component>();
  const drained = (component: Component) => endComponent(component, graceMs);

  async function launch(slot: Slot): Promise<void> {
    const component = await startComponent(slot, halting.signal);
    slot.process = component;
    running.add(component);
    void component.exited.then((exit) => ended(slot, component, exit));
  }

  function start(slot: Slot): Promise<void> {
    slot.wanted = 'up';
    if (slot.process !== null) return Promise.resolve();
    slot.starting ??= launch(slot).finally(() => {
      slot.starting = null;
    });
    return slot.starting;
  }

  function ended(slot: Slot, component: Component, exit: Exit): void {
    slot.process = null;
    running.delete(component);
    if (slot.wanted === 'down') return;
    const { name, logFile } = slot;
    options.log.write('error', 'a process died', { component: name, code: exit.code, signal: exit.signal });
    options.died?.({ name, pid: component.pid, exit, logFile });
    if (options.restart) startAgain(slot);
  }

  /** After a while, so that what dies at once does not keep the machine busy. */
  function startAgain(slot: Slot): void {
    const timer = setTimeout(() => {
      if (slot.wanted === 'down' || halting.signal.aborted) return;
      start(slot).catch((error: Error) => {
        options.log.write('error', 'a process could not be started again', {
          component: slot.name,
          error: error.message,
        });
        startAgain(slot);
      });
    }, restartAfterMs);
    timer.unref();
  }

  async function end(slot: Slot, how: (component: Component) => Promise<Exit>): Promise<Exit> {
    if (slot.process === null) throw new Problem(`${slot.name} is not running.`);
    slot.wanted = 'down';
    return how(slot.process);
  }

  async function endWhatever(slot: Slot): Promise<void> {
    slot.wanted = 'down';
    await slot.starting?.catch(() => {});
    if (slot.process !== null) await drained(slot.process);
  }

  return {
    start,
    kill: (slot) => end(slot, killed),
    drain: (slot) => end(slot, drained),
    endAll: async (slots) => void (await Promise.all(slots.map(endWhatever))),
    halt: () => halting.abort(new Problem('The start was given up.')),
    killAll: () => {
      for (const component of running) component.signal('SIGKILL');
    },
  };
}

// ---

/** Longer than a server takes to drain with default settings. */
const graceMsDefault: Ms = 15_000;
const restartAfterMs: Ms = 1000;

function killed(component: Component): Promise<Exit> {
  component.signal('SIGKILL');
  return component.exited;
}
