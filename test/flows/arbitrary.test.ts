import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flows } from '../../src/sim/flows/arbitrary.ts';
import { feasible } from '../../src/sim/flows/model.ts';
import { type Flow, flow, type Operation } from '../../src/sim/flows/operation.ts';

describe('the generator of flows', () => {
  it('draws only operations that are possible where they stand, and only valid ones', () => {
    fc.assert(
      fc.property(flows(), (drawn) => {
        expect(flow.parse(drawn)).toEqual(drawn);
        expect(feasible(drawn)).toBe(drawn);
      }),
    );
  });

  it('draws every kind of operation', () => {
    const kinds = new Set(fc.sample(flows(), 300).flatMap(({ operations }) => operations.map((one) => one.do)));
    expect([...kinds].toSorted()).toEqual(flow.shape.operations.element.options.map(nameOf).toSorted());
  });

  it('shrinks to flows that are possible, and never to a longer one', () => {
    fc.assert(
      fc.property(flows({ maxOperations: 25 }), (drawn) => {
        for (const { value_: smaller } of shrinksOf(drawn)) {
          expect(feasible(smaller)).toBe(smaller);
          expect(smaller.operations.length).toBeLessThanOrEqual(drawn.operations.length);
          expect(smaller).not.toEqual(drawn);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('finds a planted defect of a toy chat in few runs and leaves only what is needed', () => {
    const details = Array.from({ length: 30 }, (_, seed) => fc.check(toyProperty(), { seed, numRuns: 200 }));
    expect(details.every(({ failed }) => failed)).toBe(true);
    const runs = details.map(({ numRuns }) => numRuns).toSorted((a, b) => a - b);
    const lengths = details.map(({ counterexample }) => counterexample![0]!.operations.length);
    const shrinkRuns = details.map(({ numShrinks }) => numShrinks);
    expect(runs[15]!).toBeLessThanOrEqual(15);
    // Two sign up, two connect, one direct, one goes offline, one sends, one comes back on the other server.
    expect(Math.max(...lengths)).toBeLessThanOrEqual(12);
    expect(Math.max(...shrinkRuns)).toBeLessThanOrEqual(300);
  });

  it('runs a failure again from seed and path alone', () => {
    const first = fc.check(toyProperty(), { seed: 7, numRuns: 200 });
    const again = fc.check(toyProperty(), { seed: 7, path: first.counterexamplePath!, endOnFailure: true });
    expect(again.counterexample).toEqual(first.counterexample);
    expect(again.numRuns).toBe(1);
  });

  it('shrinks a recorded flow that was not drawn', () => {
    const found = fc.check(toyProperty(), { seed: 3, numRuns: 200, endOnFailure: true }).counterexample![0]!;
    const details = fc.check(toyProperty(), { examples: [[found]], numRuns: 1 });
    expect(details.counterexample![0]!.operations.length).toBeLessThanOrEqual(12);
  });
});

// ---

function nameOf(option: { readonly shape: { readonly do: { readonly value: Operation['do'] } } }): Operation['do'] {
  return option.shape.do.value;
}

function shrinksOf(value: Flow) {
  return [...flows().shrink(value, undefined)];
}

function toyProperty() {
  return fc.property(flows({ maxOperations: 150 }), (drawn) => loses(drawn) === 0);
}

/** A toy chat with a planted defect: who goes offline by a lost network and comes back, gets no direct messages of before. */
function loses(drawn: Flow): number {
  const owed = new Map<number, number>();
  const cut = new Set<number>();
  const away = new Set<number>();
  const pairs = new Map<number, readonly [number, number]>();
  let lost = 0;
  for (const one of drawn.operations) {
    if (one.do === 'direct') pairs.set(one.conversation, [one.user, one.with]);
    if (one.do === 'goOffline' || one.do === 'drop') away.add(one.user);
    if (one.do === 'drop') cut.add(one.user);
    if (one.do === 'send') {
      const other = pairs.get(one.conversation)?.find((user) => user !== one.user);
      if (other !== undefined && away.has(other)) owed.set(other, (owed.get(other) ?? 0) + 1);
    }
    if (one.do !== 'comeBack') continue;
    if (cut.has(one.user)) lost += owed.get(one.user) ?? 0;
    owed.delete(one.user);
    away.delete(one.user);
    cut.delete(one.user);
  }
  return lost;
}
