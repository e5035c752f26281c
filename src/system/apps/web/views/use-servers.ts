import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CallAnswer } from '../host/calls.ts';
import { useSession } from './ui.ts';

export type ServersView = Extract<CallAnswer<'balancer'>, { kind: 'ok' }>['value'];

const everyMs = 2000;

/** The servers as the balancer sees them, followed while the page is seen. Null while it does not answer. */
export function useServers(): ServersView | null {
  const { link, chat } = useSession();
  const servers = useSignal<ServersView | null>(null);
  const { server } = chat.state.value;
  useEffect(() => {
    const look = async (): Promise<void> => {
      if (document.visibilityState !== 'visible') return;
      const answer = await link.call('balancer').catch(() => null);
      servers.value = answer?.kind === 'ok' ? answer.value : null;
    };
    void look();
    const timer = setInterval(look, everyMs);
    return () => clearInterval(timer);
  }, [link, server]);
  return servers.value;
}
