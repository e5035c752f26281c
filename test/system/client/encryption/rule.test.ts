import { describe, expect, it } from 'vitest';
import type { Member } from '../../../../src/system/client/encryption/contract.ts';
import { identityBytes, readIdentity } from '../../../../src/system/client/encryption/identity.ts';
import { violation } from '../../../../src/system/client/encryption/rule.ts';
import { ruledBy } from '../../../helpers/encrypted-people.ts';

const before = members('ann/phone', 'ann/tablet', 'ben/phone', 'cat/phone');

describe('the rule of a group', () => {
  it.each`
    by              | added           | removed         | admin    | left     | allowed
    ${'ann/phone'}  | ${[]}           | ${[]}           | ${null}  | ${''}    | ${true}
    ${'ann/phone'}  | ${'dan/phone'}  | ${[]}           | ${'ann'} | ${''}    | ${true}
    ${'ann/tablet'} | ${'dan/phone'}  | ${'ben/phone'}  | ${'ann'} | ${''}    | ${true}
    ${'ben/phone'}  | ${'dan/phone'}  | ${[]}           | ${'ann'} | ${''}    | ${false}
    ${'ben/phone'}  | ${'dan/phone'}  | ${[]}           | ${null}  | ${''}    | ${false}
    ${'ben/phone'}  | ${[]}           | ${'cat/phone'}  | ${'ann'} | ${''}    | ${false}
    ${'ben/phone'}  | ${[]}           | ${'cat/phone'}  | ${'ann'} | ${'cat'} | ${true}
    ${'ben/phone'}  | ${'dan/phone'}  | ${'cat/phone'}  | ${'ann'} | ${'cat'} | ${false}
    ${'ben/phone'}  | ${'ben/tablet'} | ${[]}           | ${'ann'} | ${''}    | ${true}
    ${'ann/phone'}  | ${[]}           | ${'ann/tablet'} | ${null}  | ${''}    | ${true}
    ${'ben/phone'}  | ${'Ben/tablet'} | ${[]}           | ${'ann'} | ${''}    | ${false}
  `('$by adds $added and removes $removed, admin $admin, left "$left": $allowed', (row) => {
    const change = {
      by: members(row.by)[0]!,
      external: false,
      before,
      added: members(...[row.added].flat()),
      removed: members(...[row.removed].flat()),
    };
    expect(violation(change, ruledBy(row.admin, row.left)) === null).toBe(row.allowed);
  });

  it.each`
    by              | added                          | removed        | allowed
    ${'ben/tablet'} | ${['ben/tablet']}              | ${[]}          | ${true}
    ${'ben/phone'}  | ${['ben/phone']}               | ${'ben/phone'} | ${true}
    ${'dan/phone'}  | ${['dan/phone']}               | ${[]}          | ${false}
    ${'ben/tablet'} | ${['ben/tablet']}              | ${'ben/phone'} | ${false}
    ${'ann/watch'}  | ${['ann/watch']}               | ${'cat/phone'} | ${false}
    ${'ben/tablet'} | ${['ben/tablet', 'dan/phone']} | ${[]}          | ${false}
  `('$by comes in by itself with $added in place of $removed: $allowed', (row) => {
    const change = {
      by: members(row.by)[0]!,
      external: true,
      before,
      added: members(...row.added),
      removed: members(...[row.removed].flat()),
    };
    expect(violation(change, ruledBy('ann', 'cat')) === null).toBe(row.allowed);
  });
});

describe('the rule of a group, by the server’s word on who is a member', () => {
  it.each`
    by              | left     | members  | allowed
    ${'dan/phone'}  | ${''}    | ${'dan'} | ${true}
    ${'eve/phone'}  | ${''}    | ${'dan'} | ${false}
    ${'ben/tablet'} | ${'ben'} | ${''}    | ${false}
    ${'ben/tablet'} | ${'ben'} | ${'ben'} | ${true}
  `('$by comes in by itself; left "$left", members "$members": $allowed', ({ by, left, members: present, allowed }) => {
    const added = members(by);
    const rule = { ...ruledBy('ann', left), members: new Set([present]) };
    expect(violation({ by: added[0]!, external: true, before, added, removed: [] }, rule) === null).toBe(allowed);
  });
});

describe('an identity', () => {
  it('is read back as it was written, whatever the label', () => {
    for (const device of ['phone', 'a/b', 'Ärger 📱', ' ']) {
      expect(readIdentity(identityBytes({ user: 'ann', device }))).toEqual({ user: 'ann', device });
    }
  });

  it('has a user and a label, and no slash in the user', () => {
    for (const [user, device] of [
      ['', 'phone'],
      ['ann', ''],
      ['a/b', 'phone'],
    ] as const) {
      expect(() => identityBytes({ user, device })).toThrow(/name no device/);
    }
    for (const text of ['', 'ann', '/phone', 'ann/']) expect(readIdentity(new TextEncoder().encode(text))).toBeNull();
    expect(readIdentity(Uint8Array.of(0x61, 0x2f, 0xff))).toBeNull();
  });
});

// ---

function members(...names: readonly string[]): Member[] {
  return names.map((name) => {
    const [user, device] = name.split('/');
    return { identity: { user: user!, device: device! }, signatureKey: new Uint8Array(32) };
  });
}
