import { useEffect } from 'preact/hooks';
import type { App } from '../model/app.ts';
import { ConversationView } from './conversation.tsx';
import { Details } from './details.tsx';
import { Dialogs } from './dialogs.tsx';
import { Enter } from './enter.tsx';
import { useKeys } from './keys.ts';
import { Notice } from './notice.tsx';
import { Sidebar } from './sidebar.tsx';
import { AppContext, conversationInAddress, SessionContext, ui, useApp, useSession } from './ui.ts';
import { Viewer } from './viewer.tsx';

export function AppView({ app }: { readonly app: App }) {
  return (
    <AppContext.Provider value={app}>
      <Phases />
      <Notice />
    </AppContext.Provider>
  );
}

// ---

function Phases() {
  const app = useApp();
  const phase = app.phase.value;
  switch (phase.kind) {
    case 'opening':
      return <main class="enter" aria-busy="true" />;
    case 'waiting':
      return <Waiting />;
    case 'signedOut':
      return <Enter phase={phase} />;
    case 'failed':
      return <Failed message={phase.message} />;
    case 'ready':
      return (
        <SessionContext.Provider value={app.session.value}>
          <Ready />
        </SessionContext.Provider>
      );
  }
}

function Waiting() {
  return (
    <main class="enter">
      <div class="card" role="status">
        <img src="/icon.svg" width="52" height="52" alt="" />
        <h1>Open in another tab</h1>
        <p>Another tab of this browser has Nawaab. Go on there, or close it: then it goes on here.</p>
      </div>
    </main>
  );
}

function Failed({ message }: { readonly message: string }) {
  return (
    <main class="enter">
      <div class="card" role="alert">
        <h1>Nawaab has stopped</h1>
        <p>{message}</p>
        <p class="muted">Nothing is lost that was shown as kept.</p>
        <button class="primary" type="button" onClick={() => location.reload()}>
          Try again
        </button>
      </div>
    </main>
  );
}

function Ready() {
  const { demo } = useApp();
  const session = useSession();
  const { selected, chat } = session;
  useKeys();
  useEffect(() => {
    const follow = (): void => {
      const wanted = conversationInAddress();
      if (wanted !== (session.timeline.peek()?.conversation ?? null)) session.open(wanted);
      ui.panel.value = null;
    };
    follow();
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, [session]);
  useEffect(() => {
    void demo.look().then(() => {
      const me = chat.me.peek();
      if (demo.state.peek() !== null && me !== null) void demo.welcome(me.name);
    });
  }, [session]);
  useEffect(() => closeAll, [session]);
  const unread = chat.unread.value;
  useEffect(() => {
    document.title = unread === 0 ? 'Nawaab' : `(${unread}) Nawaab`;
  }, [unread]);
  const isOpen = selected.value !== null;
  return (
    <div class={`shell${isOpen ? ' is-open' : ''}${ui.panel.value === null ? '' : ' has-panel'}`}>
      <Sidebar />
      <main class="main">{isOpen ? <ConversationView key={selected.value!.id} /> : <Nothing />}</main>
      {ui.panel.value !== null && <Details />}
      <Dialogs />
      <Viewer />
      <p class="spoken" aria-live="polite">
        {ui.spoken.value}
      </p>
    </div>
  );
}

/** Whoever comes next finds nothing open of the one before. */
function closeAll(): void {
  ui.dialog.value = null;
  ui.panel.value = null;
  ui.picture.value = null;
  ui.query.value = '';
  document.title = 'Nawaab';
}

function Nothing() {
  const isEmpty = useSession().chat.conversations.value.size === 0;
  return (
    <div class="nothing">
      <img src="/icon.svg" width="56" height="56" alt="" />
      <h2>{isEmpty ? 'Nobody here yet' : 'Choose a conversation'}</h2>
      <p class="muted">
        {isEmpty ? 'Open a second window, sign up under another name, and write to yourself. Or ask a friend.' : ''}
      </p>
      <button class="primary" type="button" onClick={() => (ui.dialog.value = 'newChat')}>
        New conversation
      </button>
    </div>
  );
}
