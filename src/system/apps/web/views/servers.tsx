import { counted } from '../model/words.ts';
import { useServers } from './use-servers.ts';

/** All servers as the balancer sees them. */
export function Servers() {
  const servers = useServers();
  if (servers === null) return <p class="muted">The balancer does not answer.</p>;
  return (
    <ul class="servers">
      {servers.servers.map(({ id, healthy, connections }) => (
        <li key={id}>
          <span class={`dot${healthy ? ' is-up' : ''}`} /> {id} {counted(connections, 'connection')}
        </li>
      ))}
    </ul>
  );
}
