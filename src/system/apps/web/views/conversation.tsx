import type { Conversation } from '../../../browser.ts';
import { counted, presenceText, typingText } from '../model/words.ts';
import { Avatar } from './avatar.tsx';
import { Composer } from './composer.tsx';
import { Connection } from './connection.tsx';
import { BackIcon, InfoIcon, LockIcon } from './icons.tsx';
import { MessageList } from './message-list.tsx';
import { TrustMark, Warnings } from './trust.tsx';
import { goTo, isNarrow, ui, useSession } from './ui.ts';

export function ConversationView() {
  const session = useSession();
  const conversation = session.selected.value;
  const timeline = session.timeline.value;
  if (conversation === null) return null;
  return (
    <section class="conversation" aria-label={`Conversation ${conversation.title}`}>
      <Head conversation={conversation} />
      <Warnings conversation={conversation} />
      {isNarrow.value && <Connection />}
      {timeline !== null && <MessageList key={timeline.conversation} timeline={timeline} conversation={conversation} />}
      {conversation.isMember ? (
        <Composer key={`c${conversation.id}`} conversation={conversation} />
      ) : (
        <p class="closed" role="status">
          {conversation.kind === 'group'
            ? 'You are no longer a member. What was written while you were stays here.'
            : 'This conversation has ended.'}
        </p>
      )}
    </section>
  );
}

// ---

function Head({ conversation }: { readonly conversation: Conversation }) {
  const { id, kind, title, members } = conversation;
  const { chat } = useSession();
  const typing = typingText(chat.typists.value.get(id) ?? []);
  const presence = presenceText(chat.presences.value.get(title.toLowerCase()), Date.now());
  const isOpen = ui.panel.value === 'details';
  return (
    <header class="bar">
      <button class="icon-button back" type="button" aria-label="Back to conversations" onClick={() => goTo(null)}>
        <BackIcon />
      </button>
      <Avatar title={title} isGroup={kind === 'group'} size="small" />
      <div class="head-text">
        <h1>
          <span>{title}</span>
          {kind === 'direct' && <TrustMark user={title} />}
        </h1>
        <p class="muted" aria-live="polite">
          {typing ?? (kind === 'group' ? counted(members.length, 'member') : presence)}
        </p>
      </div>
      {conversation.isEncrypted && (
        <span class="sealed" title="Only the members can read this">
          <LockIcon />
          <span class="sealed-text">Encrypted end to end</span>
        </span>
      )}
      <button
        class="icon-button"
        type="button"
        aria-label="Details"
        title="Details"
        aria-expanded={isOpen}
        onClick={() => (ui.panel.value = isOpen ? null : 'details')}
      >
        <InfoIcon />
      </button>
    </header>
  );
}
