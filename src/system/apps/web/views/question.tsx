import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { CloseIcon } from './icons.tsx';
import { useDialog } from './use-dialog.ts';

/** Asks for something, and keeps everything else waiting. */
export function Question({ title, verb, isGrave = false, ask, onClose, children }: QuestionProps) {
  const dialog = useDialog();
  const titleId = useId();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await ask(new FormData(event.currentTarget as HTMLFormElement));
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={titleId} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <header class="bar">
          <h2 id={titleId}>{title}</h2>
          <button class="icon-button" type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
        </header>
        {children}
        <p class="problem" role="alert">
          {problem}
        </p>
        <button class={`primary${isGrave ? ' is-grave' : ''}`} type="submit" disabled={isBusy}>
          {isBusy ? 'One moment …' : verb}
        </button>
      </form>
    </dialog>
  );
}

// ---

interface QuestionProps {
  readonly title: string;
  readonly verb: string;
  /** It cannot be undone, and its button says so by its colour. */
  readonly isGrave?: boolean;
  /** Does it, and puts the question away; a rejection is shown, and it can be tried again. */
  readonly ask: (form: FormData) => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}
