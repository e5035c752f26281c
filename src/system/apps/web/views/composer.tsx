import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../../browser.ts';
import { SendIcon } from './icons.tsx';
import { useApp, useSession } from './ui.ts';

/** Where a message is written. Enter sends, Shift+Enter begins a line; on a touch keyboard Enter begins a line. */
export function Composer({ conversation }: { readonly conversation: Conversation }) {
  const session = useSession();
  const notice = useApp().notice.value;
  const field = useRef<HTMLTextAreaElement>(null);
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
  const send = (): void => {
    if (text.trim() === '') return;
    session.send(conversation.id, text.trim());
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
      <textarea
        id="composer"
        ref={field}
        rows={1}
        value={text}
        placeholder="Message"
        aria-label={`Message to ${conversation.title}`}
        dir="auto"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={pressed}
      />
      <button class="send" type="submit" aria-label="Send" disabled={text.trim() === ''}>
        <SendIcon />
      </button>
    </form>
  );
}

// ---

const linesMaxPx = 168;

function grow(field: HTMLTextAreaElement): void {
  field.style.height = 'auto';
  field.style.height = `${Math.min(field.scrollHeight, linesMaxPx)}px`;
}

function isTouch(): boolean {
  return matchMedia('(pointer: coarse)').matches;
}
