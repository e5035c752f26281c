import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConversationId } from '../../../browser.ts';
import { CloseIcon, GroupIcon } from './icons.tsx';
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
    default:
      return null;
  }
}

// ---

function NewChat() {
  const session = useSession();
  return (
    <Question title="New conversation" verb="Open" ask={(form) => session.openDirect(word(form, 'name'))}>
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
      ask={(form) => session.createGroup(word(form, 'title'), words(form, 'names'))}
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
      ask={(form) => session.invite(conversation.id, words(form, 'names'))}
    >
      <label>
        Names
        <input name="names" required autocapitalize="none" spellcheck={false} autocomplete="off" autoFocus />
      </label>
      <p class="hint">They read what is written from now on, and nothing before.</p>
    </Question>
  );
}

interface QuestionProps {
  readonly title: string;
  readonly verb: string;
  /** Does it; the conversation that it answers is shown. */
  readonly ask: (form: FormData) => Promise<ConversationId>;
  readonly children: ComponentChildren;
}

function Question({ title, verb, ask, children }: QuestionProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => before?.focus();
  }, []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const conversation = await ask(new FormData(event.currentTarget as HTMLFormElement));
      ui.dialog.value = null;
      goTo(conversation);
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="dialog-title" onClose={() => (ui.dialog.value = null)}>
      <form onSubmit={(event) => void submit(event)}>
        <header class="bar">
          <h2 id="dialog-title">{title}</h2>
          <button class="icon-button" type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
        </header>
        {children}
        <p class="problem" role="alert">
          {problem}
        </p>
        <button class="primary" type="submit" disabled={isBusy}>
          {isBusy ? 'One moment …' : verb}
        </button>
      </form>
    </dialog>
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
