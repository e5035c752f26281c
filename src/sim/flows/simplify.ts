import type { Operation } from './operation.ts';

/** Waits and sizes that say the least, from the simplest. */
const plainWaits: readonly number[] = [1, 100, 1000];
const plainBytes = 8;

/** The same flow with one thing simpler: an argument, or a number that is used everywhere. */
export function* simplerOperations(operations: readonly Operation[]): IterableIterator<Operation[]> {
  yield* renumbered(operations);
  for (const [index, one] of operations.entries()) {
    for (const simpler of simplerArguments(one)) yield operations.with(index, simpler);
  }
}

// ---

function simplerArguments(one: Operation): Operation[] {
  if (one.do === 'send' && one.bytes !== plainBytes) return [{ ...one, bytes: plainBytes }];
  if (one.do === 'drop') return [{ do: 'goOffline', user: one.user }];
  if (one.do !== 'wait') return [];
  const rank = plainWaits.indexOf(one.ms);
  return plainWaits.slice(0, rank === -1 ? undefined : rank).map((ms) => ({ do: 'wait', ms }));
}

/** Users and conversations numbered in the order in which they come; nothing when they are already. */
function* renumbered(operations: readonly Operation[]): IterableIterator<Operation[]> {
  const users = new Map<number, number>();
  const rooms = new Map<number, number>();
  const inOrder = operations.map((one) => renumber(one, { users, rooms }));
  const changed = [...users, ...rooms].some(([before, after]) => before !== after);
  if (changed) yield inOrder;
}

function renumber(one: Operation, known: { users: Map<number, number>; rooms: Map<number, number> }): Operation {
  const copy: Record<string, unknown> = { ...one };
  for (const [key, value] of Object.entries(one)) {
    const names = key === 'conversation' ? known.rooms : ['user', 'who', 'with'].includes(key) ? known.users : null;
    if (names === null) continue;
    if (!names.has(value as number)) names.set(value as number, names.size);
    copy[key] = names.get(value as number);
  }
  return copy as Operation;
}
