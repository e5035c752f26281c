import { Avatar } from './avatar.tsx';
import { Connection } from './connection.tsx';
import { ConversationList } from './conversation-list.tsx';
import { ComposeIcon, ExitIcon, SearchIcon } from './icons.tsx';
import { ServerCorner } from './server-corner.tsx';
import { attempt, isNarrow, ui, useApp, useSession } from './ui.ts';

/** Who I am, my conversations, and which server I am on. */
export function Sidebar() {
  const app = useApp();
  const { chat, selected } = useSession();
  const me = chat.me.value;
  return (
    <nav class="sidebar" aria-label="Conversations">
      <header class="bar">
        <button class="own" type="button" title="Your account" onClick={() => (ui.dialog.value = 'account')}>
          <Avatar title={me?.name ?? ''} size="small" />
          <span class="own-name">{me?.name}</span>
          <span class="spoken">Your account</span>
        </button>
        <button
          class="icon-button"
          type="button"
          aria-label="New conversation"
          title="New conversation"
          onClick={() => (ui.dialog.value = 'newChat')}
        >
          <ComposeIcon />
        </button>
        <button
          class="icon-button"
          type="button"
          aria-label="Sign out"
          title="Sign out"
          onClick={() => attempt(app, app.signOut())}
        >
          <ExitIcon />
        </button>
      </header>
      <label class="search">
        <SearchIcon />
        <input
          id="search"
          type="search"
          placeholder="Search"
          aria-label="Search conversations and messages"
          title="Ctrl+K"
          value={ui.query.value}
          onInput={(event) => (ui.query.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') document.querySelector<HTMLElement>('.conversations button')?.focus();
            if (event.key === 'Escape') ui.query.value = '';
          }}
        />
      </label>
      {!(isNarrow.value && selected.value !== null) && <Connection />}
      <ConversationList />
      <ServerCorner />
    </nav>
  );
}
