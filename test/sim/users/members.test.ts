import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changingMembers, fixedMembers } from '../../../src/sim/users/members.ts';
import type { MembershipChange } from '../../../src/sim/users/observer.ts';

const room = 7;

interface Place {
  readonly seq: number;
  readonly change: MembershipChange | null;
  /** Members after this place, by the conversation itself. */
  readonly members: readonly number[];
}

/** A conversation from its first entry: who comes, who goes, and messages between. */
const conversation = fc
  .array(fc.oneof(fc.constant(null), fc.nat({ max: 9 })), { minLength: 1, maxLength: 60 })
  .map((steps): Place[] => {
    let members: number[] = [0];
    const places: Place[] = [
      { seq: 1, change: { conversation: room, seq: 1, comes: true, users: [0] }, members: [...members] },
    ];
    for (const user of steps) {
      const seq = places.length + 1;
      if (user === null || user === 0) places.push({ seq, change: null, members: [...members] });
      else {
        const comes = !members.includes(user);
        members = comes ? [...members, user] : members.filter((one) => one !== user);
        places.push({ seq, change: { conversation: room, seq, comes, users: [user] }, members: [...members] });
      }
    }
    return places;
  });

const shuffled = conversation.chain((places) =>
  fc.tuple(fc.constant(places), fc.shuffledSubarray(places, { minLength: places.length, maxLength: places.length })),
);

describe('members who come and go', () => {
  it('are expected to get exactly what they are entitled to, in whatever order it is heard of', () => {
    fc.assert(
      fc.property(shuffled, ([places, order]) => {
        const members = changingMembers();
        let expected = 0;
        for (const { seq, change } of order) {
          if (change === null) expected += members.accepted(room, seq);
          else expected += members.heard(change) ?? 0;
        }
        const truth = places.filter(({ change }) => change === null).map((place) => place.members.length - 1);
        expect(expected).toBe(truth.reduce((sum, others) => sum + others, 0));
        for (const place of places) expect(members.othersAt(room, place.seq)).toBe(place.members.length - 1);
        for (let user = 0; user < 10; user++) {
          expect(members.isMember(user, room)).toBe(places.at(-1)!.members.includes(user));
        }
      }),
    );
  });

  it('are counted once however often a change is heard of', () => {
    const members = changingMembers();
    const change = { conversation: room, seq: 1, comes: true, users: [0, 1, 2] };
    expect(members.heard(change)).toBe(0);
    members.accepted(room, 3);
    expect(members.heard(change)).toBeNull();
    expect(members.othersAt(room, 3)).toBe(2);
  });

  it('correct what was expected when a change before it is heard of late', () => {
    const members = changingMembers();
    members.heard({ conversation: room, seq: 1, comes: true, users: [0, 1, 2] });
    expect(members.accepted(room, 5)).toBe(2);
    expect(members.heard({ conversation: room, seq: 4, comes: false, users: [2] })).toBe(-1);
    expect(members.heard({ conversation: room, seq: 6, comes: false, users: [1] })).toBe(0);
  });

  it('know nothing of a conversation that nobody was told of', () => {
    const members = changingMembers();
    expect(members.isMember(1, room)).toBe(false);
    expect(members.othersAt(room, 3)).toBe(0);
  });
});

describe('members who all stay', () => {
  it('are those of the trace', () => {
    const members = fixedMembers({ memberFrom: Uint32Array.from([0, 2, 7]) }, (id) => id - 100);
    expect([members.accepted(100, 1), members.accepted(101, 1), members.accepted(99, 1)]).toEqual([1, 4, 0]);
    expect(members.isMember(3, 100)).toBe(true);
  });
});
