import { useComputed } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../../browser.ts';
import { type Row, rowsOf } from '../model/rows.ts';
import type { Timeline } from '../model/timeline.ts';
import { contentText } from '../model/words.ts';
import { DownIcon } from './icons.tsx';
import { RowView } from './row.tsx';
import { useScrolling } from './scrolling.ts';
import { ui, useSession } from './ui.ts';

interface MessageListProps {
  readonly timeline: Timeline;
  readonly conversation: Conversation;
}

/** More is fetched when less than this many heights of the window are left. */
const aheadHeights = 1.5;

/** The entries around what is seen. Further ones are fetched as one scrolls, and far ones dropped. */
export function MessageList({ timeline, conversation }: MessageListProps) {
  const session = useSession();
  const rows = useRows(timeline);
  const list = rows.value;
  const scrolling = useScrolling(list);
  const [isAtEnd, setAtEnd] = useState(true);
  useStart(timeline, list, scrolling.hold);
  useOwnInSight(list, scrolling.stick);
  useAnnouncing(list);

  const look = (): void => {
    if (scrolling.box.current === null || !timeline.isLoaded.peek()) return;
    const ends = scrolling.scrolled();
    if (ends.before < aheadHeights) void timeline.older().catch(() => {});
    if (ends.after < aheadHeights) void timeline.newer().catch(() => {});
    const reaches = ends.isAtEnd && !timeline.hasNewer.peek();
    setAtEnd(reaches);
    session.isWatched.value = reaches && document.visibilityState === 'visible' && document.hasFocus();
  };
  const lookLater = useFrame(look);

  useLayoutEffect(() => lookLater(), [list]);
  useEffect(() => {
    const events = ['focus', 'blur', 'visibilitychange'] as const;
    for (const event of events) (event === 'visibilitychange' ? document : window).addEventListener(event, lookLater);
    return () => {
      for (const event of events)
        (event === 'visibilitychange' ? document : window).removeEventListener(event, lookLater);
      session.isWatched.value = false;
    };
  }, []);

  const toEnd = (): void => {
    scrolling.stick();
    if (timeline.hasNewer.peek()) void timeline.toEnd();
    else scrolling.box.current!.scrollTop = scrolling.box.current!.scrollHeight;
    document.querySelector<HTMLElement>('#composer')?.focus();
  };

  return (
    <div class="messages-place">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by keyboard */}
      <section class="messages" ref={scrolling.box} onScroll={look} tabIndex={0} aria-label="Messages">
        <ol>
          {list.map((row) => (
            <RowView key={row.key} row={row} conversation={conversation} />
          ))}
        </ol>
      </section>
      {!isAtEnd && (
        <button class="to-end" type="button" onClick={toEnd} aria-label="To the newest messages">
          <DownIcon />
          {conversation.unread > 0 && <span class="count">{conversation.unread}</span>}
        </button>
      )}
    </div>
  );
}

// ---

function useRows(timeline: Timeline) {
  const { chat, outbox, selected, unreadAfter } = useSession();
  return useComputed<readonly Row[]>(() => {
    const conversation = selected.value;
    const me = chat.me.value?.name;
    if (conversation === null || me === undefined || !timeline.isLoaded.value) return [];
    const isHere = (one: { readonly conversation: unknown }): boolean => one.conversation === conversation.id;
    const reachesEnd = !timeline.hasNewer.value;
    return rowsOf({
      conversation,
      me,
      items: timeline.items.value,
      operations: reachesEnd ? chat.operations.value.filter(isHere) : [],
      pending: reachesEnd ? outbox.all.value.filter(isHere) : [],
      receipts: chat.receipts.value.get(conversation.id) ?? [],
      unreadAfter: unreadAfter.value,
    });
  });
}

/** With something unread a conversation opens there, and otherwise at its end. */
function useStart(timeline: Timeline, rows: readonly Row[], hold: (key: string, top: number) => void): void {
  const isBegun = useRef(false);
  if (isBegun.current || rows.length === 0 || !timeline.isLoaded.value) return;
  isBegun.current = true;
  const newRows = rows.length - rows.findIndex(({ kind }) => kind === 'unread');
  if (newRows <= rows.length && newRows > fewNew) hold('unread', 96);
}

/** Who sends something sees it, wherever they were reading. */
function useOwnInSight(rows: readonly Row[], stick: () => void): void {
  const newest = useRef<string | null>(null);
  const last = rows.at(-1);
  if (last?.kind !== 'message' || last.status !== 'saving' || last.key === newest.current) return;
  newest.current = last.key;
  stick();
}

/** So many new rows are seen at once below the others. */
const fewNew = 8;

/** Others' new messages are read out; older ones that are fetched are not. */
function useAnnouncing(rows: readonly Row[]): void {
  const newest = useRef<number | null>(null);
  useEffect(() => {
    const last = rows.at(-1);
    if (last?.kind !== 'message' || last.seq === null) return;
    const isNew = newest.current !== null && last.seq > newest.current && !last.isOwn;
    newest.current = Math.max(newest.current ?? 0, last.seq);
    if (isNew) ui.spoken.value = `${last.sender}: ${contentText(last.content)}`;
  }, [rows]);
}

/** Calls at most once for each frame. */
function useFrame(work: () => void): () => void {
  const latest = useRef(work);
  latest.current = work;
  const asked = useRef(0);
  useEffect(() => () => cancelAnimationFrame(asked.current), []);
  return useRef(() => {
    cancelAnimationFrame(asked.current);
    asked.current = requestAnimationFrame(() => latest.current());
  }).current;
}
