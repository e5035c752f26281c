import { useEffect, useState } from 'preact/hooks';
import type { OwnDevice } from '../../../browser.ts';
import { dayAndTime, deviceName } from '../model/words.ts';
import { ChangePassword, DeleteAccount, Erase, SignOutEverywhere } from './account-questions.tsx';
import { CloseIcon } from './icons.tsx';
import { ui, useSession } from './ui.ts';
import { useDialog } from './use-dialog.ts';

/** One's own account: where one is signed in, the password, and the ways out. */
export function AccountDialog() {
  const dialog = useDialog();
  const { chat } = useSession();
  const [asking, setAsking] = useState<AskedKind | null>(null);
  const [said, setSaid] = useState<Said | null>(null);
  const close = (): void => setAsking(null);
  const done = (text: string): void => {
    setAsking(null);
    setSaid({ text, isProblem: false });
  };
  return (
    <>
      <dialog
        ref={dialog}
        class="dialog account"
        aria-labelledby="account-title"
        onClose={() => (ui.dialog.value = null)}
      >
        <header class="bar">
          <h2 id="account-title">Account of {chat.me.value?.name}</h2>
          <button class="icon-button" type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
        </header>
        <Devices changed={said} say={setSaid} />
        <p class={said?.isProblem ? 'problem' : 'hint'} role="status">
          {said?.text}
        </p>
        <div class="choices">
          {choices.map(({ kind, text, isGrave }) => (
            <button
              key={kind}
              class={`wide${isGrave ? ' danger' : ''}`}
              type="button"
              onClick={() => {
                setSaid(null);
                setAsking(kind);
              }}
            >
              {text}
            </button>
          ))}
        </div>
      </dialog>
      {asking === 'password' && <ChangePassword onClose={close} onDone={done} />}
      {asking === 'everywhere' && <SignOutEverywhere onClose={close} />}
      {asking === 'erase' && <Erase onClose={close} />}
      {asking === 'delete' && <DeleteAccount onClose={close} />}
    </>
  );
}

// ---

type AskedKind = 'password' | 'everywhere' | 'erase' | 'delete';

interface Said {
  readonly text: string;
  readonly isProblem: boolean;
}

const choices: readonly { readonly kind: AskedKind; readonly text: string; readonly isGrave?: true }[] = [
  { kind: 'password', text: 'Change password' },
  { kind: 'everywhere', text: 'Sign out everywhere' },
  { kind: 'erase', text: 'Erase this browser’s data', isGrave: true },
  { kind: 'delete', text: 'Delete account', isGrave: true },
];

interface DevicesProps {
  /** After something was done, the list may be another. */
  readonly changed: Said | null;
  readonly say: (what: Said) => void;
}

function Devices({ changed, say }: DevicesProps) {
  const { account } = useSession();
  const [devices, setDevices] = useState<readonly OwnDevice[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let isGone = false;
    account.devices().then(
      (now) => {
        if (!isGone) setDevices(now);
        if (!isGone) setProblem(null);
      },
      (error: Error) => isGone || setProblem(error.message),
    );
    return () => {
      isGone = true;
    };
  }, [changed, tries]);
  const signOut = async ({ device, label }: OwnDevice): Promise<void> => {
    try {
      await account.signOutDevice(device);
      say({ text: `Signed out on ${deviceName(label)}.`, isProblem: false });
    } catch (error) {
      say({ text: (error as Error).message, isProblem: true });
    }
  };
  return (
    <section class="block" aria-labelledby="devices-title">
      <h4 id="devices-title">Where you are signed in</h4>
      {devices === null && problem === null && <p class="muted">Loading …</p>}
      {problem !== null && (
        <p class="problem" role="alert">
          {problem}{' '}
          <button class="link" type="button" onClick={() => setTries(tries + 1)}>
            Try again
          </button>
        </p>
      )}
      <ul class="devices">
        {devices?.map((one) => (
          <Device key={one.device} device={one} onSignOut={() => void signOut(one)} />
        ))}
      </ul>
    </section>
  );
}

interface DeviceProps {
  readonly device: OwnDevice;
  readonly onSignOut: () => void;
}

function Device({ device: { label, current, signedInAt }, onSignOut }: DeviceProps) {
  const name = deviceName(label);
  return (
    <li class="device">
      <span class="device-name">
        <bdi>{name}</bdi>
        {current && <strong> (this browser)</strong>}
      </span>
      <span class="muted">since {dayAndTime(signedInAt)}</span>
      {!current && (
        <button class="link danger" type="button" aria-label={`Sign out ${name}`} onClick={onSignOut}>
          Sign out
        </button>
      )}
    </li>
  );
}
