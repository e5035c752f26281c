import { expect, it } from 'vitest';
import type { Flow } from '../../src/sim/flows/operation.ts';
import { type Defect, onGround } from '../../src/sim/flows/trial.ts';
import type { Change, Send } from '../../src/system/index.ts';

/** Flows that once broke a promise, each tried in many worlds. */
const recorded: Readonly<Record<string, Omit<Flow, 'world'>>> = {
  /**
   * The server with the sender's connection stands still; the sender moves to another, is refused there for not being a
   * member yet, and becomes one. Then the first server goes on and writes what it still has of the old connection.
   */
  'a server that stood still writes nothing for a device that has moved on': {
    servers: 2,
    operations: [
      { do: 'signUp', user: 0 },
      { do: 'connect', user: 0 },
      { do: 'signUp', user: 1 },
      { do: 'connect', user: 1 },
      { do: 'group', user: 0, conversation: 0 },
      { do: 'wait', ms: 500 },
      { do: 'pauseServer', server: 1 },
      { do: 'send', user: 1, conversation: 0, bytes: 8 },
      { do: 'wait', ms: 1000 },
      { do: 'invite', user: 0, conversation: 0, who: 1 },
      { do: 'wait', ms: 100 },
      { do: 'send', user: 1, conversation: 0, bytes: 8 },
      { do: 'wait', ms: 100 },
    ],
  },
};

const worlds = 60;

it.each(Object.entries(recorded))('%s', async (_, flow) => {
  expect(await findingsIn(flow)).toEqual([]);
});

it.each(Object.entries(recorded))('without the fence between connections it does not hold: %s', async (_, flow) => {
  const found = new Set((await findingsIn(flow, withoutFence)).map(({ check }) => check));
  expect([...found]).toContain('no-ghost');
});

// ---

/** Every operation claims to come from the newest connection that can be. */
const withoutFence: Defect = {
  wrapStore: (store) => ({
    ...store,
    accept: (sends) => store.accept(sends.map(asNewest)),
    change: (change) => store.change(asNewest(change)),
  }),
};

function asNewest<O extends Send | Change>(operation: O): O {
  return { ...operation, by: { ...operation.by, connection: Number.MAX_SAFE_INTEGER } };
}

function findingsIn(flow: Omit<Flow, 'world'>, defect?: Defect) {
  const signal = new AbortController().signal;
  return onGround({ backend: 'virtual', seed: 1, signal, defect }, async (ground) => {
    const trials = [];
    for (let world = 0; world < worlds; world++) trials.push(await ground.try({ ...flow, world }));
    return trials.flatMap((trial) => trial.findings);
  });
}
