import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { Conversation, Item } from '../../../browser.ts';
import { contentText, counted, previewOf, shortTime, typingText } from '../model/words.ts';
import { Avatar } from './avatar.tsx';
import { goTo, goToPlace, isNarrow, ui, useSession } from './ui.ts';

/** Conversations whose name or members fit what is searched for; below them the messages that do. */
export function ConversationList() {
  const { chat } = useSession();
  const found = useComputed(() => matching(chat.ordered.value, ui.query.value));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the buttons inside
    <div class="conversations" onKeyDown={moveFocus}>
      <ul>
        {found.value.map((conversation) => (
          <Entry key={conversation.id} conversation={conversation} />
        ))}
      </ul>
      {isNarrow.value && ui.query.value === '' && found.value.length === 0 && <None />}
      {ui.query.value.trim() !== '' && <Messages isAlone={found.value.length === 0} />}
    </div>
  );
}

// ---

/** Where there is room for it, the place of the conversation says so. */
function None() {
  return (
    <div class="none">
      <p class="muted">Nobody here yet. Ask a friend for their name here, and write to them.</p>
      <button class="primary" type="button" onClick={() => (ui.dialog.value = 'newChat')}>
        New conversation
      </button>
    </div>
  );
}

function Entry({ conversation }: { readonly conversation: Conversation }) {
  const { chat, selected } = useSession();
  const { id, kind, title, last, unread } = conversation;
  const typing = typingText(chat.typists.value.get(id) ?? []);
  const isOnline = kind === 'direct' && chat.presences.value.get(title.toLowerCase())?.online === true;
  const isSelected = selected.value?.id === id;
  return (
    <li>
      <button type="button" class="entry" aria-current={isSelected ? 'true' : undefined} onClick={() => goTo(id)}>
        <Avatar title={title} isGroup={kind === 'group'} isOnline={isOnline} />
        <span class="entry-title">{title}</span>
        {isOnline && <span class="spoken">online</span>}
        <span class="entry-time">{last === null ? '' : shortTime(last.at, Date.now())}</span>
        <span class={`entry-last${typing === null ? '' : ' is-typing'}`}>
          {typing ?? previewOf(conversation, chat.me.value?.name ?? null)}
        </span>
        {unread > 0 && (
          <span class="count">
            {unread > countMax ? `${countMax}+` : unread}
            <span class="spoken"> unread</span>
          </span>
        )}
      </button>
    </li>
  );
}

function Messages({ isAlone }: { readonly isAlone: boolean }) {
  const session = useSession();
  const found = useSignal<readonly Item[] | null>(null);
  useSignalEffect(() => {
    const text = ui.query.value.trim();
    let isOver = false;
    const timer = setTimeout(async () => {
      const answer = await session.link.call('search', { text, limit: foundMax }).catch(() => null);
      if (!isOver) found.value = answer?.found ?? [];
    }, typingPauseMs);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  });
  if (found.value === null) return null;
  return (
    <section aria-label="Messages found">
      <h2 class="group-title" aria-live="polite">
        {found.value.length === 0 && isAlone ? 'Nothing found' : counted(found.value.length, 'message')}
      </h2>
      <ul>
        {found.value.map((item) => (
          <Found key={`${item.conversation}-${item.seq}`} item={item} />
        ))}
      </ul>
    </section>
  );
}

function Found({ item }: { readonly item: Item }) {
  const session = useSession();
  const title = session.chat.conversations.value.get(item.conversation)?.title ?? '';
  return (
    <li>
      <button type="button" class="entry" onClick={() => goToPlace(session, item.conversation, item.seq)}>
        <Avatar title={item.sender} />
        <span class="entry-title">{title}</span>
        <span class="entry-time">{shortTime(item.at, Date.now())}</span>
        <span class="entry-last">
          {item.sender}: {excerpt(contentText(item.content), ui.query.value.trim())}
        </span>
      </button>
    </li>
  );
}

const countMax = 999;
const foundMax = 30;
const typingPauseMs = 150;
const excerptBefore = 24;

/** The text from a little before what was searched for. */
function excerpt(text: string, query: string): string {
  const at = text.toLowerCase().indexOf(query.toLowerCase());
  return at > excerptBefore ? `… ${text.slice(at - excerptBefore)}` : text;
}

function matching(all: readonly Conversation[], query: string): readonly Conversation[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === '') return all;
  const fits = (name: string): boolean => name.toLowerCase().includes(wanted);
  const byTitle = all.filter(({ title }) => fits(title));
  return [...byTitle, ...all.filter(({ title, members }) => !fits(title) && members.some(fits))];
}

function moveFocus(event: KeyboardEvent): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (by === 0 || event.altKey) return;
  const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('button')];
  const next = buttons.indexOf(document.activeElement as HTMLElement) + by;
  event.preventDefault();
  if (next < 0) document.querySelector<HTMLElement>('#search')?.focus();
  else buttons[next]?.focus();
}
