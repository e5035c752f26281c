import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../../browser.ts';
import { Attach, Chosen, imagesIn, Progress } from './attachments.tsx';
import { SendIcon } from './icons.tsx';
import { useApp, useSession } from './ui.ts';

/** Where a message is written. Enter sends, Shift+Enter begins a line; on a touch keyboard Enter begins a line. */
export function Composer({ conversation }: { readonly conversation: Conversation }) {
  const session = useSession();
  const notice = useApp().notice.value;
  const field = useRef<HTMLTextAreaElement>(null);
  const [files, setFiles] = useState<readonly File[]>([]);
  const [text, setText] = useState(() => session.draft(conversation.id));

  useEffect(() => {
    if (!isTouch()) field.current?.focus();
  }, []);
  // A text that could not be sent has come back.
  useEffect(() => {
    if (text === '') setText(session.draft(conversation.id));
  }, [notice?.id]);
  useLayoutEffect(() => grow(field.current!), [text]);

  const write = (next: string): void => {
    setText(next);
    session.keepDraft(conversation.id, next);
    if (next !== '') session.link.call('typing', conversation.id).catch(() => {});
  };
  const isEmpty = text.trim() === '' && files.length === 0;
  const choose = (chosen: readonly File[]): void => {
    setFiles([...files, ...chosen].slice(0, filesMax));
    field.current?.focus();
  };
  useDrop(choose);
  const send = (): void => {
    if (isEmpty) return;
    const caption = text.trim();
    if (files.length === 0) session.send(conversation.id, caption);
    // The text belongs to the last of several.
    for (const [at, file] of files.entries()) {
      const about = { name: file.name, caption: at === files.length - 1 ? caption : '' };
      void session.uploads.add(conversation.id, file, about);
    }
    setFiles([]);
    write('');
    if (session.timeline.value?.hasNewer.value) void session.timeline.value.toEnd();
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || isTouch()) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Progress conversation={conversation.id} />
      {files.length > 0 && <Chosen files={files} onRemove={(file) => setFiles(files.filter((one) => one !== file))} />}
      <Attach onPicked={choose} />
      <textarea
        id="composer"
        ref={field}
        rows={1}
        value={text}
        placeholder={files.length > 0 ? 'Caption' : 'Message'}
        aria-label={`Message to ${conversation.title}`}
        dir="auto"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={pressed}
        onPaste={(event) => {
          const pasted = imagesIn(event.clipboardData);
          if (pasted.length > 0) event.preventDefault();
          if (pasted.length > 0) choose(pasted);
        }}
      />
      <button class="send" type="submit" aria-label="Send" disabled={isEmpty}>
        <SendIcon />
      </button>
    </form>
  );
}

// ---

/** Images that are sent in one go. */
const filesMax = 10;
const linesMaxPx = 168;

/** Images may be dropped anywhere on the page; other files are refused, or the browser would leave the page for them. */
function useDrop(choose: (files: readonly File[]) => void): void {
  const latest = useRef(choose);
  latest.current = choose;
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      const dropped = imagesIn(event.dataTransfer);
      if (dropped.length > 0) latest.current(dropped);
    };
    addEventListener('dragover', over);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('drop', drop);
    };
  }, []);
}

function grow(field: HTMLTextAreaElement): void {
  field.style.height = 'auto';
  field.style.height = `${Math.min(field.scrollHeight, linesMaxPx)}px`;
}

function isTouch(): boolean {
  return matchMedia('(pointer: coarse)').matches;
}
