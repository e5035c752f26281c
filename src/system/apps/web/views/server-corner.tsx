import { ServerIcon } from './icons.tsx';
import { ui, useSession } from './ui.ts';
import { useServers } from './use-servers.ts';

/** Which server this device is on, and by which rule the balancer chose it. Opens the page about all of them. */
export function ServerCorner() {
  const session = useSession();
  const { connection, server } = session.chat.state.value;
  const servers = useServers();
  const isOpen = ui.panel.value === 'servers';
  return (
    <button
      type="button"
      class="corner"
      aria-expanded={isOpen}
      onClick={() => (ui.panel.value = isOpen ? null : 'servers')}
    >
      <ServerIcon />
      <span class="corner-text">
        <strong>{connection === 'online' ? (server ?? 'connected') : 'no server'}</strong>
        <span class="muted">{servers === null ? '' : ` by ${servers.strategy}`}</span>
      </span>
      <span class="corner-dots" aria-hidden="true">
        {servers?.servers.map(({ id, healthy }) => (
          <span key={id} class={`dot${healthy ? ' is-up' : ''}${id === server ? ' is-mine' : ''}`} />
        ))}
      </span>
    </button>
  );
}
