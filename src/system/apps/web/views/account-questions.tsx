import { isSame } from '../model/rows.ts';
import { Question } from './question.tsx';
import { useApp, useSession } from './ui.ts';

/** What is asked before something is done to the account. What ends the session closes everything by itself. */
interface Props {
  readonly onClose: () => void;
}

interface DoneProps extends Props {
  readonly onDone: (text: string) => void;
}

export function ChangePassword({ onClose, onDone }: DoneProps) {
  const { account, chat } = useSession();
  const change = async (form: FormData): Promise<void> => {
    const [old, fresh, again] = ['old', 'new', 'again'].map((name) => String(form.get(name)));
    if (fresh !== again) throw new Error('The new passwords are not the same; type them again.');
    await account.changePassword({ old: old!, new: fresh! });
    onDone('The password is changed; other devices are signed out.');
  };
  return (
    <Question title="Change password" verb="Change password" ask={change} onClose={onClose}>
      {/* For the browser's store of passwords. */}
      <input type="text" autocomplete="username" value={chat.me.value?.name ?? ''} readOnly hidden />
      <Password name="old" label="The present password" autoFocus />
      <Password name="new" label="The new password" hint="new-password-rule" />
      <p id="new-password-rule" class="hint">
        8 characters or more. It cannot be recovered.
      </p>
      <Password name="again" label="The new password again" isNew />
    </Question>
  );
}

export function SignOutEverywhere({ onClose }: Props) {
  const { account } = useSession();
  return (
    <Question
      title="Sign out everywhere"
      verb="Sign out everywhere"
      ask={() => account.signOutEverywhere()}
      onClose={onClose}
    >
      <p>You are signed out on all devices, this browser too. What they have of your messages stays on them.</p>
    </Question>
  );
}

export function Erase({ onClose }: Props) {
  const app = useApp();
  const { account, chat } = useSession();
  const { waiting, failed } = chat.state.value;
  const erase = async (): Promise<void> => {
    if (await account.erase()) return;
    app.say('Erased. The servers could not be told: sign this browser out where else you are signed in.');
  };
  return (
    <Question title="Erase this browser’s data" verb="Erase and sign out" isGrave ask={erase} onClose={onClose}>
      <p>
        Your messages, images, drafts and keys are removed from this browser, and it is signed out. Your account stays.
      </p>
      <p>
        <strong>Messages that no other device of yours has are lost</strong>: when you sign in again, this browser reads
        what is written from then on.
      </p>
      {waiting + failed > 0 && <p class="problem">{waiting + failed} not sent yet, and never will be.</p>}
    </Question>
  );
}

export function DeleteAccount({ onClose }: Props) {
  const app = useApp();
  const { account, chat } = useSession();
  const name = chat.me.value?.name ?? '';
  const remove = async (form: FormData): Promise<void> => {
    if (!isSame(String(form.get('name')).trim(), name)) throw new Error(`That is not your name; type ${name}.`);
    await account.delete(String(form.get('password')));
    app.say('Your account is deleted.');
  };
  return (
    <Question title="Delete account" verb="Delete for good" isGrave ask={remove} onClose={onClose}>
      <p>
        This is for good: you leave all groups, your direct conversations end, and nobody gets your name again. What
        this browser has is erased; what you wrote stays with those who may read it.
      </p>
      <label>
        Your name, to confirm
        <input name="name" required autocapitalize="none" spellcheck={false} autocomplete="off" autoFocus />
      </label>
      <Password name="password" label="Your password" />
    </Question>
  );
}

// ---

interface PasswordProps {
  readonly name: string;
  readonly label: string;
  readonly isNew?: boolean;
  /** The element that says what it must be; of a new one. */
  readonly hint?: string;
  readonly autoFocus?: boolean;
}

function Password({ name, label, hint, isNew = hint !== undefined, autoFocus = false }: PasswordProps) {
  return (
    <label>
      {label}
      <input
        name={name}
        type="password"
        required
        minLength={isNew ? 8 : 1}
        maxLength={256}
        autocomplete={isNew ? 'new-password' : 'current-password'}
        aria-describedby={hint}
        autoFocus={autoFocus}
      />
    </label>
  );
}
