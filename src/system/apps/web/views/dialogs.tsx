import type { ConversationId } from '../../../browser.ts';
import { AccountDialog } from './account.tsx';
import { GroupIcon } from './icons.tsx';
import { Question } from './question.tsx';
import { goTo, ui, useSession } from './ui.ts';

/** What asks for something and keeps everything else waiting. */
export function Dialogs() {
  switch (ui.dialog.value) {
    case 'newChat':
      return <NewChat />;
    case 'newGroup':
      return <NewGroup />;
    case 'invite':
      return <Invite />;
    case 'leave':
      return <Leave />;
    case 'account':
      return <AccountDialog />;
    case null:
      return null;
  }
}

// ---

const close = (): void => {
  ui.dialog.value = null;
};

/** The conversation that something was done to, or that was made, is shown. */
async function show(asked: Promise<ConversationId>): Promise<void> {
  const conversation = await asked;
  close();
  goTo(conversation);
}

function NewChat() {
  const session = useSession();
  return (
    <Question
      title="New conversation"
      verb="Open"
      ask={(form) => show(session.openDirect(word(form, 'name')))}
      onClose={close}
    >
      <label>
        Name of the other
        <input
          name="name"
          required
          maxLength={64}
          autocapitalize="none"
          spellcheck={false}
          autocomplete="off"
          autoFocus
        />
      </label>
      <button class="wide" type="button" onClick={() => (ui.dialog.value = 'newGroup')}>
        <GroupIcon /> New group instead
      </button>
    </Question>
  );
}

function NewGroup() {
  const session = useSession();
  return (
    <Question
      title="New group"
      verb="Create"
      ask={(form) => show(session.createGroup(word(form, 'title'), words(form, 'names')))}
      onClose={close}
    >
      <label>
        Title
        <input name="title" required maxLength={128} autocomplete="off" autoFocus />
      </label>
      <label>
        Members, by name
        <input name="names" placeholder="ada, grace" autocapitalize="none" spellcheck={false} autocomplete="off" />
      </label>
    </Question>
  );
}

function Invite() {
  const session = useSession();
  const conversation = session.selected.value;
  if (conversation === null) return null;
  return (
    <Question
      title={`Add to ${conversation.title}`}
      verb="Add"
      ask={(form) => session.invite(conversation.id, words(form, 'names')).then(close)}
      onClose={close}
    >
      <label>
        Names
        <input name="names" required autocapitalize="none" spellcheck={false} autocomplete="off" autoFocus />
      </label>
      <p class="hint">They read what is written from now on, and nothing before.</p>
    </Question>
  );
}

function Leave() {
  const session = useSession();
  const conversation = session.selected.value;
  if (conversation === null) return null;
  return (
    <Question
      title={`Leave ${conversation.title}`}
      verb="Leave"
      isGrave
      ask={() => session.leave(conversation.id).then(close)}
      onClose={close}
    >
      <p class="hint">You read nothing of it from then on, and come back only when the admin adds you again.</p>
    </Question>
  );
}

function word(form: FormData, name: string): string {
  return String(form.get(name)).trim();
}

function words(form: FormData, name: string): readonly string[] {
  return word(form, name)
    .split(/[\s,;]+/u)
    .filter((one) => one !== '');
}
