import { useState } from 'preact/hooks';
import type { Phase } from '../model/app.ts';
import { LockIcon } from './icons.tsx';
import { useApp } from './ui.ts';

/** Sign up, or in. */
export function Enter({ phase }: { readonly phase: Extract<Phase, { kind: 'signedOut' }> }) {
  const app = useApp();
  const [how, setHow] = useState<'signUp' | 'signIn'>(app.lastUser === null ? 'signUp' : 'signIn');
  const isNew = how === 'signUp';
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    void app.enter(how, { name: String(form.get('name')).trim(), password: String(form.get('password')) });
  };
  return (
    <main class="enter">
      <form class="card" onSubmit={submit} aria-labelledby="enter-title">
        <img src="/icon.svg" width="52" height="52" alt="" />
        <h1 id="enter-title">{isNew ? 'Welcome to Nawaab' : 'Welcome back'}</h1>
        <p class="muted">
          {isNew ? 'Choose a name, and write to your friends by theirs.' : 'Sign in on this browser.'}
        </p>
        <label>
          Name
          <input
            name="name"
            required
            maxLength={64}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            defaultValue={app.lastUser ?? ''}
            autoFocus
          />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            required
            minLength={isNew ? 8 : 1}
            maxLength={256}
            autocomplete={isNew ? 'new-password' : 'current-password'}
            aria-describedby={isNew ? 'password-rule' : undefined}
          />
        </label>
        {isNew && (
          <p id="password-rule" class="hint">
            8 characters or more. It cannot be recovered.
          </p>
        )}
        <p class="problem" role="alert">
          {phase.problem}
        </p>
        <button class="primary" type="submit" disabled={phase.isBusy}>
          {phase.isBusy ? 'One moment …' : isNew ? 'Create account' : 'Sign in'}
        </button>
        <button class="link" type="button" onClick={() => setHow(isNew ? 'signIn' : 'signUp')}>
          {isNew ? 'I have an account' : 'Create an account'}
        </button>
      </form>
      <p class="foot">
        <LockIcon /> Encrypted on your device; the servers cannot read what you write.
      </p>
    </main>
  );
}
