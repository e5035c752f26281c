import { describe, expect, it } from 'vitest';
import { type RowsOf, rowsOf } from '../../../../../src/system/apps/web/model/rows.ts';
import type { Conversation, ConversationId, Item, LocalId, Seq, UserName } from '../../../../../src/system/browser.ts';

const room = 1 as ConversationId;
const [ada, bo, cy] = ['ada', 'bo', 'cy'] as UserName[];
const noon = new Date(2026, 4, 4, 12).getTime();
const minute = 60_000;

const conversation: Conversation = {
  id: room,
  kind: 'group',
  title: 'Tea',
  admin: ada!,
  members: [ada!, bo!, cy!],
  isMember: true,
  isEncrypted: true,
  last: null,
  unread: 0,
  read: 0 as Seq,
};
const base: RowsOf = {
  conversation,
  me: ada!,
  items: [],
  operations: [],
  pending: [],
  receipts: [],
  unreadAfter: null,
};

describe('the rows of a conversation', () => {
  it('stand together when one person wrote them in one go, and begin each day', () => {
    const items = [
      text(1, bo!, noon),
      text(2, bo!, noon + minute),
      text(3, cy!, noon + minute),
      text(4, cy!, noon + 86_400_000),
    ];
    expect(shape({ ...base, items })).toEqual(['day', 'bo first', 'bo last', 'cy first last', 'day', 'cy first last']);
  });

  it('say where the new ones begin: at a message of somebody else', () => {
    const items = [text(1, bo!, noon), text(2, ada!, noon), text(3, bo!, noon), text(4, bo!, noon)];
    expect(shape({ ...base, items, unreadAfter: 1 as Seq })).toEqual([
      'day',
      'bo first last',
      'ada first last',
      'unread',
      'bo first',
      'bo last',
    ]);
  });

  it('show what has expired where it would be, on no day of its own, and as nothing that is new', () => {
    const items = [text(1, bo!, noon), gap(4, noon), text(5, bo!, noon + minute)];
    expect(shape({ ...base, items })).toEqual(['day', 'bo first last', 'event', 'bo first last']);
    const first = [gap(3, noon + 86_400_000), text(4, bo!, noon)];
    expect(shape({ ...base, items: first, unreadAfter: 3 as Seq })).toEqual([
      'event',
      'day',
      'unread',
      'bo first last',
    ]);
  });

  it('leave new keys out, unless something is wrong with them', () => {
    const change = { kind: 'membership', change: 'rekeyed', users: [], admin: null } as const;
    const rekeyed = { ...text(2, bo!, noon), content: change };
    const doubted = { ...text(3, bo!, noon), content: { ...change, doubt: 'The keys let in eve.' } };
    expect(shape({ ...base, items: [text(1, bo!, noon), rekeyed, doubted] })).toEqual([
      'day',
      'bo first last',
      'event',
    ]);
  });

  it('do not say where the new ones begin when that is further up than what is there', () => {
    const items = [text(7, bo!, noon), text(8, bo!, noon)];
    expect(shape({ ...base, items, unreadAfter: 3 as Seq })).toEqual(['day', 'bo first', 'bo last']);
    expect(shape({ ...base, items, unreadAfter: 6 as Seq })).toEqual(['day', 'unread', 'bo first', 'bo last']);
  });

  it('show an own message once, from the pressed key to the entry', () => {
    const pending = [{ key: 'p1', conversation: room, text: 'hi', at: noon, after: 4 as LocalId }];
    const operation = {
      id: 5 as LocalId,
      conversation: room,
      what: 'send',
      content: { kind: 'text', text: 'hi' },
      at: noon,
      state: { kind: 'queued' },
    } as const;
    const item = { ...text(1, ada!, noon), text: 'hi', id: 5 as LocalId, content: operation.content };
    const statuses = (what: Partial<RowsOf>) =>
      rowsOf({ ...base, ...what }).flatMap((row) => (row.kind === 'message' ? [row.status] : []));
    expect(statuses({ pending })).toEqual(['saving']);
    expect(statuses({ pending, operations: [operation] })).toEqual(['waiting']);
    expect(statuses({ pending, operations: [operation], items: [item] })).toEqual(['sent']);
  });

  it('are delivered, and read, when that is so for the last of the others', () => {
    const items = [text(3, ada!, noon)];
    const receipts = (...marks: readonly (readonly [UserName, number, number])[]) =>
      marks.map(([user, delivered, read]) => ({ user, delivered: delivered as Seq, read: read as Seq }));
    const statusWith = (...marks: readonly (readonly [UserName, number, number])[]) => {
      const row = rowsOf({ ...base, items, receipts: receipts(...marks) }).at(-1)!;
      return row.kind === 'message' ? row.status : null;
    };
    expect(statusWith([bo!, 3, 3])).toBe('sent');
    expect(statusWith([bo!, 3, 3], [cy!, 2, 0])).toBe('sent');
    expect(statusWith([bo!, 3, 3], [cy!, 3, 2])).toBe('delivered');
    expect(statusWith([bo!, 3, 3], [cy!, 4, 4])).toBe('read');
  });
});

// ---

function gap(seq: number, at: number): Item {
  const content = { kind: 'expired', from: 2 as Seq, to: seq as Seq, missed: 3 } as const;
  return { ...text(seq, '' as UserName, at), content };
}

function text(seq: number, sender: UserName, at: number): Item {
  const content = { kind: 'text', text: String(seq) } as const;
  return { conversation: room, seq: seq as Seq, at, sender, isOwn: sender === ada, id: null, content };
}

function shape(what: RowsOf): readonly string[] {
  return rowsOf(what).map((row) =>
    row.kind === 'message'
      ? [row.sender, row.isFirst && 'first', row.isLast && 'last'].filter(Boolean).join(' ')
      : row.kind,
  );
}
