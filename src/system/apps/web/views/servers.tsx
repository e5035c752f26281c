import { strategies } from '../../../browser.ts';
import { counted, timeOf } from '../model/words.ts';
import { attempt, useApp, useSession } from './ui.ts';
import { type ServersView, useServers } from './use-servers.ts';

/** Which server this device is on, how it came to be, and how all of them are, as the balancer sees them. */
export function Servers() {
  const view = useServers();
  if (view === null) return <p class="muted">The balancer does not answer.</p>;
  return (
    <>
      <Chosen strategy={view.strategy} />
      <section class="block" aria-label="All servers">
        <div class="block-head">
          <h4>{counted(view.servers.length, 'server')}</h4>
          <span class="muted">{counted(view.connections, 'connection')}</span>
        </div>
        <ul class="servers">
          {view.servers.map((server) => (
            <Server key={server.id} server={server} most={mostOf(view)} />
          ))}
        </ul>
      </section>
      <Moves />
    </>
  );
}

// ---

function Chosen({ strategy }: { readonly strategy: string }) {
  const { server } = useSession().chat.state.value;
  const rule = Object.entries(strategies).find(([name]) => name === strategy)?.[1].rule;
  return (
    <section class="block" aria-live="polite">
      <p class="chosen">{server === null ? 'Not connected' : `You are on ${server}`}</p>
      <p>
        The balancer chooses by <strong>{strategy}</strong> for each new connection
        {rule === undefined ? '.' : `: ${rule.charAt(0).toLowerCase()}${rule.slice(1)}`}
      </p>
    </section>
  );
}

interface ServerProps {
  readonly server: ServersView['servers'][number];
  /** Connections of the server that has the most. */
  readonly most: number;
}

function Server({ server: { id, healthy, connections, stats }, most }: ServerProps) {
  const mine = useSession().chat.state.value.server;
  return (
    <li class="server">
      <span class={`dot${healthy ? ' is-up' : ''}${id === mine ? ' is-mine' : ''}`} aria-hidden="true" />
      <strong>{id}</strong>
      <span class="muted">{id === mine ? 'yours' : healthy ? '' : 'down'}</span>
      <Kill server={id} isUp={healthy} />
      <meter class="load" min={0} max={most} value={connections} aria-label={`Connections of ${id}`} />
      <span class="server-numbers muted">
        {counted(connections, 'connection')}
        {healthy && stats !== null && `, ${Math.round(stats.cpuFraction * 100)} % CPU, ${megabytes(stats.rssBytes)} MB`}
      </span>
    </li>
  );
}

/** In a demonstration only. */
function Kill({ server, isUp }: { readonly server: string; readonly isUp: boolean }) {
  const app = useApp();
  if (app.demo.state.value === null || !isUp) return null;
  return (
    <button
      class="link danger"
      type="button"
      aria-label={`Kill server ${server}`}
      onClick={() => attempt(app, app.demo.kill(server))}
    >
      Kill
    </button>
  );
}

/** How the connection went from server to server. */
function Moves() {
  const moves = useSession().chat.moves.value;
  if (moves.length < 2) return null;
  return (
    <section class="block" aria-label="Where this device was">
      <h4>Where this device was</h4>
      <ol class="moves">
        {moves.toReversed().map(({ at, server }) => (
          <li key={`${at}-${server}`}>
            <time class="muted">{timeOf(at, true)}</time>{' '}
            {server === null ? 'connection lost' : `connected to ${server}`}
          </li>
        ))}
      </ol>
    </section>
  );
}

function mostOf({ servers }: ServersView): number {
  return Math.max(1, ...servers.map(({ connections }) => connections));
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
