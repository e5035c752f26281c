import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkNames, createMemoryHistory, judge } from '../../../src/metrics/index.ts';
import { encryptedHistory } from './encrypted-history.ts';
import { directTalk } from './histories.ts';
import { correctHistory, expiringHistory } from './random-history.ts';
import { sharingHistory } from './sharing-history.ts';
import { watchingHistory } from './watching-history.ts';

describe('a correct history', () => {
  it('fails no check', async () => {
    const passes = new Map(checkNames.map((name) => [name, 0]));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(correctHistory, expiringHistory, watchingHistory, sharingHistory, encryptedHistory),
        async (events) => {
          const verdicts = await judge(createMemoryHistory(events));
          expect(verdicts.filter(({ result }) => result === 'fail')).toEqual([]);
          for (const { check, result } of verdicts)
            if (result === 'pass') passes.set(check as never, passes.get(check as never)! + 1);
        },
      ),
      { numRuns: 500 },
    );
    expect([...passes].filter(([, count]) => count < 30)).toEqual([]);
  });

  it('passes every check by name, in the order of the registry', async () => {
    const verdicts = await judge(createMemoryHistory(directTalk(3)));
    expect(verdicts.map(({ check }) => check)).toEqual(checkNames);
    const unknown = verdicts.filter(({ result }) => result !== 'pass').map(({ check }) => check);
    expect(unknown).toEqual([
      'expiry-exact',
      'decrypted-exactly',
      'no-plaintext',
      'images-exact',
      'presence-true',
      'stored-agrees',
    ]);
  });
});

describe('an empty history', () => {
  it('proves nothing: every check is unknown', async () => {
    const verdicts = await judge(createMemoryHistory());
    expect(new Set(verdicts.map(({ result }) => result))).toEqual(new Set(['unknown']));
  });
});
