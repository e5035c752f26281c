import { useEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../../browser.ts';
import { verificationText } from '../model/words.ts';
import { LockIcon } from './icons.tsx';
import { attempt, useApp, useSession } from './ui.ts';

/** The code by which two people make sure that nobody stands between their devices. */
export function Safety({ conversation, user }: { readonly conversation: Conversation; readonly user: string }) {
  const { code, isAsked } = useCode(conversation, user);
  const place = useRef<HTMLElement>(null);
  if (code === null) return isAsked ? <p class="muted">There is no code to compare yet.</p> : null;
  return (
    <section class="block" aria-label="Safety code" ref={place} tabIndex={-1}>
      <h4 class="with-icon">
        <LockIcon /> Safety code
      </h4>
      <p class="code">
        {code.split(' ').map((group, at) => (
          <span key={at}>{group} </span>
        ))}
      </p>
      <p class="muted">
        Compare it with {user}, face to face or on the phone. If both see the same digits, nobody reads along.
      </p>
      {/* A button that has done its work goes, and must not take the focus along. */}
      <Compared conversation={conversation} user={user} code={code} done={() => place.current?.focus()} />
    </section>
  );
}

// ---

interface ComparedProps {
  readonly conversation: Conversation;
  readonly user: string;
  readonly code: string;
  readonly done: () => void;
}

/** What was compared before, and what can be said of it now. */
function Compared({ conversation, user, code, done }: ComparedProps) {
  const app = useApp();
  const { chat, link } = useSession();
  const verification = chat.verifications.value.get(user.toLowerCase());
  const isChanged = verification?.state === 'changed';
  const mark = (): void => attempt(app, link.call('markVerified', conversation.id, user, code).then(done));
  const forget = (): void => attempt(app, link.call('forgetVerified', user).then(done));
  return (
    <>
      <p class={isChanged ? 'changed' : 'muted'} role="status">
        {verification && verificationText(verification)}
      </p>
      {verification?.state !== 'verified' && (
        <button class="wide" type="button" onClick={mark}>
          Mark as verified
        </button>
      )}
      {verification !== undefined && verification.at !== null && (
        <button class="link" type="button" onClick={forget} aria-label={`Forget that ${user} was verified`}>
          Forget
        </button>
      )}
    </>
  );
}

function useCode({ id, last }: Conversation, user: string) {
  const { link } = useSession();
  const [code, setCode] = useState<string | null>(null);
  const [isAsked, setAsked] = useState(false);
  // A new device of either changes it, and comes with an entry.
  useEffect(() => {
    let isOver = false;
    void link.call('safetyCode', id, user).then(
      (found) => {
        if (isOver) return;
        setCode(found);
        setAsked(true);
      },
      () => setAsked(true),
    );
    return () => {
      isOver = true;
    };
  }, [id, user, last?.seq]);
  return { code, isAsked };
}
