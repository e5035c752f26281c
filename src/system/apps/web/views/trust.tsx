import type { Conversation, Verification } from '../../../browser.ts';
import { isSame } from '../model/rows.ts';
import { changedText } from '../model/words.ts';
import { AlertIcon, VerifiedIcon } from './icons.tsx';
import { attempt, ui, useApp, useSession } from './ui.ts';

/** Beside the name of somebody who was verified. */
export function TrustMark({ user }: { readonly user: string }) {
  const state = useSession().chat.verifications.value.get(user.toLowerCase())?.state ?? 'unverified';
  if (state === 'unverified') return null;
  const text = state === 'verified' ? 'Verified' : 'Not verified any more: new device';
  return (
    <span class={`trust is-${state}`} title={text}>
      {state === 'verified' ? <VerifiedIcon /> : <AlertIcon />}
      <span class="spoken">{text}</span>
    </span>
  );
}

/** Whose devices have changed since they were compared, until that is dealt with. Nobody is kept from writing. */
export function Warnings({ conversation }: { readonly conversation: Conversation }) {
  const { chat } = useSession();
  const me = chat.me.value?.name ?? '';
  const changed = conversation.members
    .filter((member) => !isSame(member, me))
    .flatMap((member) => chat.verifications.value.get(member.toLowerCase()) ?? [])
    .filter(({ state, isAcknowledged }) => state === 'changed' && !isAcknowledged);
  return (
    <div role="status" class="warnings">
      {changed.map((one) => (
        <Warning key={one.user} verification={one} />
      ))}
    </div>
  );
}

// ---

function Warning({ verification }: { readonly verification: Verification }) {
  const app = useApp();
  const { link } = useSession();
  const { user } = verification;
  const compare = (): void => {
    ui.compared.value = user;
    ui.panel.value = 'details';
  };
  const acknowledge = (): void => {
    attempt(app, link.call('acknowledgeChange', user));
    document.querySelector<HTMLElement>('#composer')?.focus();
  };
  return (
    <div class="warning">
      <AlertIcon />
      <p>{changedText(verification)}</p>
      <span class="warning-answers">
        <button class="link" type="button" onClick={compare} aria-label={`Compare safety codes with ${user}`}>
          Compare
        </button>
        <button class="link" type="button" onClick={acknowledge} aria-label={`Dismiss the warning about ${user}`}>
          Dismiss
        </button>
      </span>
    </div>
  );
}
