import { expect, it } from 'vitest';
import { observed } from '../../../../src/system/client/messenger/observing.ts';

it('an observer hears everything, also what the messenger does not listen to, and before it', () => {
  const heard: string[] = [];
  const handlers = observed(
    { caughtUp: () => heard.push('messenger: caught up'), dialling: (attempt) => heard.push(`messenger: ${attempt}`) },
    { caughtUp: () => heard.push('observer: caught up'), acked: ({ upTo }) => heard.push(`observer: ${upTo}`) },
  );
  handlers.caughtUp?.();
  handlers.dialling?.(2);
  handlers.acked?.({ conversation: 1 as never, upTo: 7 as never });
  expect(heard).toEqual(['observer: caught up', 'messenger: caught up', 'messenger: 2', 'observer: 7']);
});
