import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFanOut } from '../../../src/sim/users/fan-out.ts';
import { changingMembers, fixedMembers } from '../../../src/sim/users/members.ts';

const room = 4;

/** As many crowds as wanted; the first is at home in every conversation. Answers what was measured. */
function crowdsOf(crowds: number, members = fixedMembers({ memberFrom: Uint32Array.from([0, 6]) }, () => 0)) {
  const measured: { intendedMs: number; latencyMs: number; server: string }[] = [];
  const fanOuts = Array.from({ length: crowds }, (_, crowd) =>
    createFanOut({
      kind: 'group',
      members,
      isHome: () => crowd === 0,
      sink: { record: ({ intendedMs, latencyMs, server }) => measured.push({ intendedMs, latencyMs, server }) },
    }),
  );
  const spread = (): void => {
    for (const one of fanOuts) for (const reach of one.takeReaches()) for (const to of fanOuts) to.reached(reach);
  };
  return { fanOuts, spread, measured };
}

describe('the fan-out of a message', () => {
  it('is the time to its last member, however the members are spread over crowds', () => {
    const deliveries = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.integer({ min: 1, max: 500 }), fc.boolean()), {
      minLength: 5,
      maxLength: 5,
    });
    fc.assert(
      fc.property(deliveries, (all) => {
        const { fanOuts, spread, measured } = crowdsOf(3);
        for (const [crowd, latencyMs, spreadNow] of all) {
          fanOuts[crowd]!.delivered({ conversation: room, seq: 9 }, 1000 + latencyMs, latencyMs, `s${latencyMs}`);
          if (spreadNow) spread();
        }
        spread();
        const latencyMs = Math.max(...all.map(([, one]) => one));
        expect(measured).toEqual([{ intendedMs: 1000, latencyMs, server: `s${latencyMs}` }]);
        expect(fanOuts.flatMap((one) => one.takeReaches())).toEqual([]);
      }),
    );
  });

  it('is not known while a member is missing, nor when one says nothing of the time', () => {
    const { fanOuts, measured } = crowdsOf(1);
    for (let n = 0; n < 4; n++) fanOuts[0]!.delivered({ conversation: room, seq: 1 }, 10, 5, 's1');
    for (let n = 0; n < 5; n++) fanOuts[0]!.delivered({ conversation: room, seq: 2 }, 10, n === 2 ? null : 5, 's1');
    expect(measured).toEqual([]);
  });

  it('waits for nobody who had gone before the message', () => {
    const members = changingMembers();
    members.heard({ conversation: room, seq: 1, comes: true, users: [0, 1, 2, 3] });
    const { fanOuts, measured } = crowdsOf(1, members);
    for (const latencyMs of [5, 7]) {
      fanOuts[0]!.delivered({ conversation: room, seq: 9 }, 10 + latencyMs, latencyMs, 's1');
    }
    expect(measured).toEqual([]);
    const left = { conversation: room, seq: 8, comes: false, users: [3] };
    members.heard(left);
    fanOuts[0]!.changed(left);
    expect(measured).toEqual([{ intendedMs: 10, latencyMs: 7, server: 's1' }]);
  });
});
