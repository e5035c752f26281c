import { connectionText } from '../model/words.ts';
import { attempt, useApp, useSession } from './ui.ts';

/** Says so while there is no connection, and what waits for one. */
export function Connection() {
  const app = useApp();
  const session = useSession();
  const state = session.chat.state.value;
  const text = connectionText(state);
  const canResume = state.trouble === 'takenOver' || (state.connection === 'offline' && state.trouble === null);
  return (
    <div class="connection-place" role="status">
      {text !== null && (
        <p class="connection">
          <span>{text}</span>
          {state.trouble === 'signInAgain' && (
            <button class="link" type="button" onClick={() => attempt(app, app.signOut())}>
              Sign in
            </button>
          )}
          {canResume && (
            <button class="link" type="button" onClick={() => attempt(app, session.link.call('start'))}>
              Connect
            </button>
          )}
        </p>
      )}
    </div>
  );
}
