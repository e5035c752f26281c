import { useEffect, useState } from 'preact/hooks';
import type { Conversation } from '../../../browser.ts';
import { LockIcon } from './icons.tsx';
import { useSession } from './ui.ts';

/** The code by which two people make sure that nobody stands between their devices. */
export function Safety({ conversation, user }: { readonly conversation: Conversation; readonly user: string }) {
  const { link } = useSession();
  const [code, setCode] = useState<string | null>(null);
  const [isAsked, setAsked] = useState(false);
  const { id, last } = conversation;
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
  if (code === null) return isAsked ? <p class="muted">There is no code to compare yet.</p> : null;
  return (
    <section class="block" aria-label="Safety code">
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
    </section>
  );
}
